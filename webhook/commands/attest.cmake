# The program of the attestation step: the only one that links tpm2-tss.
add_executable(confidential-pods-attest attest_main.cc attest_run.cc attest_exit.cc)
target_include_directories(confidential-pods-attest PRIVATE ${PROJECT_SOURCE_DIR}/webhook)
target_compile_definitions(confidential-pods-attest PRIVATE CPODS_VERSION="${PROJECT_VERSION}")
target_link_libraries(confidential-pods-attest PRIVATE
  cpods_node CLI11::CLI11 Threads::Threads cpods_flags)
