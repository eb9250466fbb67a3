// All kernels, for one module.

#include "activation.h"
#include "conv.h"
#include "dense.h"
#include "drop.h"
#include "gaussian.h"
#include "loss.h"
#include "norm.h"
#include "pool.h"
#include "product.h"
#include "solver.h"
