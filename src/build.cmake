# SPDX-License-Identifier: BSD-3-Clause
# How every room is compiled, and the one function that makes one.
include(GNUInstallDirs)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # POSIX and GNU names: sched_setaffinity, pthread_setname_np
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_package(Threads REQUIRED)

# What every target of this project, tests and benches included, is compiled with.
add_library(ramify_flags INTERFACE)
target_compile_definitions(ramify_flags INTERFACE _GNU_SOURCE)
target_compile_options(ramify_flags INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wundef -fno-omit-frame-pointer -g)
if(RAMIFY_SANITIZE)
  target_compile_options(ramify_flags INTERFACE -fsanitize=${RAMIFY_SANITIZE})
  target_link_options(ramify_flags INTERFACE -fsanitize=${RAMIFY_SANITIZE})
  if(RAMIFY_SANITIZE STREQUAL "undefined")
    target_compile_options(ramify_flags INTERFACE -fno-sanitize-recover=all)
  endif()
endif()

# ramify_room(NAME SOURCES ... ROOMS ... LIBS ...): a room in the current folder. ROOMS are the rooms below it that it
# may use; LIBS are third-party targets that only this room sees.
set_property(GLOBAL PROPERTY RAMIFY_ROOMS "")
function(ramify_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBS" ${ARGN})
  add_library(ramify_${name} OBJECT ${ROOM_SOURCES})
  target_include_directories(ramify_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_include_directories(ramify_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_definitions(ramify_${name} PRIVATE RAMIFY_NO_ASSERTIONS) # those of ramify/fork.h are for programs
  target_link_libraries(ramify_${name} PRIVATE ramify_flags Threads::Threads ${ROOM_LIBS})
  foreach(below IN LISTS ROOM_ROOMS)
    target_include_directories(ramify_${name} PUBLIC
      $<TARGET_PROPERTY:ramify_${below},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  set_property(GLOBAL APPEND PROPERTY RAMIFY_ROOMS ramify_${name})
  set_property(GLOBAL APPEND PROPERTY RAMIFY_ROOM_LIBS ${ROOM_LIBS})
endfunction()
