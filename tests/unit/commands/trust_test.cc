#include "commands/trust.h"

#include <doctest/doctest.h>

#include <string>

namespace cpods::commands {
namespace {

using admission::Request;

Request request(std::string_view resource, std::string_view subresource = "",
                std::string_view operation = "CREATE") {
  Request made;
  made.operation = operation;
  made.resource.name = resource;
  made.resource.subresource = subresource;
  made.username = "someone";
  made.groups = {"system:authenticated"};
  return made;
}

TEST_CASE("trust: a Binding by a trusted scheduler is nobody's to judge, by its user name alone") {
  const configuration::Trusted trusted{.schedulers = {"system:kube-scheduler", "batch"},
                                       .groups = {"platform"}};
  for (auto binding : {request("pods", "binding"), request("bindings")}) {
    CHECK_FALSE(is_trusted(binding, trusted));
    binding.groups = {"batch", "platform"};
    CHECK_FALSE(is_trusted(binding, trusted));
    binding.username = "batch";
    CHECK(is_trusted(binding, trusted));
    CHECK_FALSE(is_trusted(binding, configuration::Trusted{}));
    binding.username = "system:kube-scheduler";
    CHECK(is_trusted(binding, configuration::Trusted{}));
    binding.resource.group = "example.com";
    CHECK_FALSE(is_trusted(binding, trusted));
  }
}

TEST_CASE("trust: a namespace is changed by a member of a trusted group, not by a user called so") {
  const configuration::Trusted trusted{.schedulers = {"batch"}, .groups = {"platform"}};
  auto update = request("namespaces", "", "UPDATE");
  update.username = "platform";
  CHECK_FALSE(is_trusted(update, trusted));
  update.groups = {"system:authenticated", "platform"};
  CHECK(is_trusted(update, trusted));
  CHECK_FALSE(is_trusted(update, configuration::Trusted{}));
  update.groups = {"system:masters"};
  CHECK(is_trusted(update, configuration::Trusted{}));
}

TEST_CASE("trust: Pods are judged whoever makes them") {
  for (auto pods : {request("pods"), request("pods", "ephemeralcontainers", "UPDATE"),
                    request("pods", "status", "UPDATE")}) {
    pods.username = "system:kube-scheduler";
    pods.groups = {"system:masters"};
    CHECK_FALSE(is_trusted(pods, configuration::Trusted{}));
  }
}

}  // namespace
}  // namespace cpods::commands
