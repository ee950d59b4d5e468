"""A large matrix product by OpenBLAS: what the machine can do at most, with the best kernels of somebody else."""

import array
import ctypes
import random

SIZE = 2048
ROW_MAJOR, NOT_TRANSPOSED = 101, 111


class Product:
    """c = a · b, all square and float32."""

    operations = 2 * SIZE**3

    def __init__(self, library_path, threads):
        self.library = ctypes.CDLL(library_path)
        self.library.openblas_set_num_threads(threads)
        self.library.openblas_get_corename.restype = ctypes.c_char_p
        self.core = self.library.openblas_get_corename().decode()
        row = array.array("f", [random.uniform(-1, 1) for _ in range(SIZE)])
        self.a, self.b, self.c = (array.array("f", row) * SIZE for _ in range(3))

    def step(self):
        def pointer(matrix):
            return ctypes.c_void_p(matrix.buffer_info()[0])

        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        self.library.cblas_sgemm(ROW_MAJOR, NOT_TRANSPOSED, NOT_TRANSPOSED, SIZE, SIZE, SIZE, one,
                                 pointer(self.a), SIZE, pointer(self.b), SIZE, zero, pointer(self.c), SIZE)
