# SPDX-License-Identifier: BSD-3-Clause
# Builds the library and the programs of tests/vm for the Arm machines. VM_ROOT, BUILD, SOURCE: folders.
if(NOT EXISTS ${VM_ROOT})
  message("no programs for the Arm machines: tests/vm/setup aarch64 could not bring their root folder")
  return()
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -DCMAKE_TOOLCHAIN_FILE=${CMAKE_CURRENT_LIST_DIR}/aarch64.cmake
  -DVM_ROOT=${VM_ROOT} -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-Werror -DRAMIFY_BENCH=OFF
  -DRAMIFY_JANSSON=OFF -DRAMIFY_NCURSES=OFF RESULT_VARIABLE failed)
if(NOT failed)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --target vm_programs -j 2 RESULT_VARIABLE failed)
endif()
if(failed)
  message(FATAL_ERROR "the programs for the Arm machines were not built")
endif()
