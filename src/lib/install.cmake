# SPDX-License-Identifier: BSD-3-Clause
# What `cmake --install` puts where, and what a program outside needs to find it: a package for find_package(Ramify) and
# one for pkg-config. Both keep working when the prefix is moved, as long as the optional libraries stay.
include(CMakePackageConfigHelpers)

# ramify_link_items(OUT ITEM...): the files and flags behind library targets, so that an export names no target of ours.
function(ramify_link_items out)
  set(items "")
  foreach(item IN LISTS ARGN)
    if(TARGET ${item})
      get_target_property(location ${item} IMPORTED_LOCATION)
      get_target_property(below ${item} INTERFACE_LINK_LIBRARIES)
      if(location)
        list(APPEND items ${location})
      endif()
      if(below)
        ramify_link_items(below ${below})
        list(APPEND items ${below})
      endif()
    else()
      list(APPEND items ${item})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES items)
  set(${out} ${items} PARENT_SCOPE)
endfunction()

# A static library does not remember what it needs: its users must be told. A shared one does. Libraries go into
# Libs.private by name of file: as Requires.private, hwloc would bring in turn what only a static hwloc needs (udev), whose
# development files Debian does not install with it.
set(pc_libs_private -pthread)
if(NOT BUILD_SHARED_LIBS)
  get_property(libs GLOBAL PROPERTY RAMIFY_ROOM_LIBS)
  ramify_link_items(items ${libs})
  foreach(item IN LISTS items)
    target_link_libraries(ramify INTERFACE $<INSTALL_INTERFACE:${item}>)
    if(NOT item MATCHES "^[/-]")
      string(PREPEND item -l)
    endif()
    list(APPEND pc_libs_private ${item})
  endforeach()
endif()
list(JOIN pc_libs_private " " pc_libs_private)

# Relative to where the file itself lies, so that `cmake --install --prefix` and moved trees work; some distributions give
# absolute folders.
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" up ${up})
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(folder lib include)
  string(TOUPPER ${folder} upper)
  set(pc_${folder}dir "\${prefix}/${CMAKE_INSTALL_${upper}DIR}")
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${upper}DIR})
    set(pc_${folder}dir ${CMAKE_INSTALL_${upper}DIR})
  endif()
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Ramify)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/RamifyConfig.cmake.in RamifyConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change the interface; the SOVERSION says the same.
write_basic_package_version_file(RamifyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(${CMAKE_CURRENT_LIST_DIR}/ramify.pc.in ramify.pc @ONLY)

install(TARGETS ramify EXPORT RamifyTargets)
install(EXPORT RamifyTargets NAMESPACE Ramify:: DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ramify DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/RamifyConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/RamifyConfigVersion.cmake
  DESTINATION ${package_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ramify.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
