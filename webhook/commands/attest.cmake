# The program of the attestation step: the only one that links tpm2-tss. All but its main is a
# library, so that the tests run the same with roots of their own.
add_library(cpods_attest STATIC
  attest_attempt.cc attest_collect.cc attest_exit.cc attest_gather.cc attest_program.cc
  attest_report.cc attest_revocation.cc attest_run.cc attest_verify.cc)
target_include_directories(cpods_attest PUBLIC ${PROJECT_SOURCE_DIR}/webhook)
target_compile_definitions(cpods_attest PRIVATE CPODS_VERSION="${PROJECT_VERSION}")
target_link_libraries(cpods_attest PUBLIC cpods_node Threads::Threads PRIVATE CLI11::CLI11 cpods_flags)

add_executable(confidential-pods-attest attest_main.cc)
target_link_libraries(confidential-pods-attest PRIVATE cpods_attest cpods_flags)
