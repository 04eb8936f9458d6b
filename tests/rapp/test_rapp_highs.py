"""The one way to HiGHS: options that exist, models in one piece."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from rapp.cooperation.highs import has_solution, model_of, solver

ROWS = (sp.csr_matrix([[1.0, 1.0]]), np.array([-np.inf]), np.array([3.5]))


@pytest.mark.parametrize(("integer", "best"), [(None, -3.5), (np.array([0, 1]), -3.0)])
def test_a_model_in_one_piece(integer: np.ndarray | None, best: float) -> None:
    """max x + y with x + y <= 3.5: 3.5, and 3 for whole numbers."""
    highs = solver()
    highs.passModel(model_of(ROWS, np.array([-1.0, -1.0]), (np.zeros(2), np.full(2, 9.0)), integer))
    highs.run()
    assert has_solution(highs)
    assert highs.getInfo().objective_function_value == pytest.approx(best)


def test_an_infeasible_model_has_no_solution() -> None:
    """x + y <= 3.5 with both at least 2."""
    highs = solver()
    highs.passModel(model_of(ROWS, np.zeros(2), (np.full(2, 2.0), np.full(2, 9.0))))
    highs.run()
    assert not has_solution(highs)


def test_a_misspelt_option_is_said() -> None:
    """Rather than solved with another gap than was meant."""
    with pytest.raises(ValueError, match=r"HiGHS takes no mip_relgap=0\.1"):
        solver(mip_relgap=0.1)
