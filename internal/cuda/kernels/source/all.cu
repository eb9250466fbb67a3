// All kernels, for one module.

#include "activation.h"
#include "dense.h"
#include "drop.h"
#include "loss.h"
