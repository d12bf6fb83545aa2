# find_package(excite) reads this file from lib/cmake/excite. It gives two targets, of which a
# program links one: excite::excite, whose numbers are float, and excite::excite-double. Each is the
# shared library if that is installed, and otherwise the static one.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
get_filename_component(_excite_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
foreach(_excite_name excite excite-double)
  if(NOT TARGET excite::${_excite_name})
    set(_excite_file "${_excite_prefix}/lib/lib${_excite_name}.so")
    if(NOT EXISTS "${_excite_file}")
      set(_excite_file "${_excite_prefix}/lib/lib${_excite_name}.a")
    endif()
    add_library(excite::${_excite_name} UNKNOWN IMPORTED)
    set_target_properties(excite::${_excite_name} PROPERTIES
      IMPORTED_LOCATION "${_excite_file}"
      INTERFACE_INCLUDE_DIRECTORIES "${_excite_prefix}/include"
      INTERFACE_COMPILE_FEATURES cxx_std_20
      INTERFACE_LINK_LIBRARIES "openblas;webp;Threads::Threads")
  endif()
endforeach()
set_target_properties(excite::excite-double PROPERTIES
  INTERFACE_COMPILE_DEFINITIONS EXCITE_DOUBLE)
unset(_excite_prefix)
unset(_excite_name)
unset(_excite_file)
