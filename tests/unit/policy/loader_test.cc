#include "policy/loader.h"

#include <doctest/doctest.h>
