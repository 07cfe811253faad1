"""As much of torch as the scorer's model process needs, on NumPy: the attacks need a scorer, not a second of imports."""

import numpy as np


class Tensor(np.ndarray):
    def numel(self):
        return self.size

    def view(self, shape):
        return self.reshape(shape)

    def copy_(self, other):
        self[...] = other


def from_numpy(array):
    return np.ndarray.view(array, Tensor)
