// The engine's templates are instantiated in their .cpp files: for float in the library, and, by compiling
// the same files once more with -DDEEPMINE_DOUBLE_PRECISION, for double in a library that only tests use. The
// scalar is part of every type's name, so the two can never be mixed up by the linker; what is no template is
// left out of the second compilation.
#pragma once

#ifdef DEEPMINE_DOUBLE_PRECISION
#define DEEPMINE_SCALAR double
#define DEEPMINE_TEMPLATES_ONLY
#else
#define DEEPMINE_SCALAR float
#endif
