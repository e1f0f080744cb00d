// There are no interrupts here.
#pragma once
#define ATOMIC_RESTORESTATE
#define ATOMIC_BLOCK(how) for (bool once = true; once; once = false)
