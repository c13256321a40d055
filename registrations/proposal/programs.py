"""Integer programs in whole numbers, and HiGHS, which solves them in floating point."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import highspy
import numpy as np

#: One solve may take so many seconds; a list of thousands takes less than one.
TIME_LIMIT = 60.0
#: What is tried if the solver gives up: the widest that it knows by itself. What it says is checked either way.
_LOOSER = {f"{kind}_feasibility_tolerance": 1e-6 for kind in ("mip", "primal", "dual")}
_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 1,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-6,
    # A column may miss a whole number by so little that even a row of costs, up to 2^20 each, is met exactly.
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


@dataclass(frozen=True)
class Row:
    """`lower` ≤ the sum of coefficient × column ≤ `upper`, all whole; None is no bound. Coefficients () are all 1."""

    columns: Sequence[int]
    lower: int | None = None
    upper: int | None = None
    coefficients: Sequence[int] = ()

    @classmethod
    def of(cls, costs: Sequence[int], lower: int | None, upper: int | None) -> "Row":
        """The row in which the sum of the costs stays between these bounds."""
        columns = [column for column, cost in enumerate(costs) if cost]
        return cls(columns, lower, upper, [costs[column] for column in columns])

    @property
    def terms(self) -> Iterable[tuple[int, int]]:
        """Each column with its coefficient."""
        return zip(self.columns, self.coefficients or (1,) * len(self.columns), strict=True)


@dataclass(frozen=True)
class Program:
    """Whole numbers from 0 to `uppers`, one for each column, that keep all rows."""

    uppers: tuple[int, ...]
    rows: tuple[Row, ...]

    def with_row(self, row: Row) -> "Program":
        return replace(self, rows=(*self.rows, row))

    def only(self, columns: Iterable[int]) -> "Program":
        """The same with all other columns at 0."""
        kept = set(columns)
        return replace(self, uppers=tuple(upper if c in kept else 0 for c, upper in enumerate(self.uppers)))

    @property
    def free(self) -> list[int]:
        """The columns that may be more than 0."""
        return [column for column, upper in enumerate(self.uppers) if upper]

    def is_kept_by(self, values: Sequence[int]) -> bool:
        """Whether these values keep all bounds and rows, in exact arithmetic."""
        if not all(0 <= value <= upper for value, upper in zip(values, self.uppers, strict=True)):
            return False
        return all(_is_met(row, values) for row in self.rows)


@dataclass(frozen=True)
class Relaxed:
    """The solution in fractions: its values, and what one more of each row's bound is worth."""

    values: dict[int, float]
    prices: list[float]


@dataclass(frozen=True)
class Whole:
    """What HiGHS found in whole numbers (None: nothing), and the value that it says none can pass."""

    values: tuple[int, ...] | None
    bound: float
    is_impossible: bool

    def proves(self, worth: int) -> bool:
        """Whether no solution in whole numbers can be worth more than this."""
        return self.bound < worth + 0.5


def relaxed(program: Program, costs: Sequence[int]) -> Relaxed:
    """Maximise the costs in fractions. A solver that fails gives no prices, which are as true as any others."""
    columns = program.free
    solver = _run(program, costs, columns, is_whole=False, time_limit=TIME_LIMIT)
    solution = solver.getSolution()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or not solution.dual_valid:
        return Relaxed({}, [0.0] * len(program.rows))
    return Relaxed(dict(zip(columns, solution.col_value, strict=True)), [-price for price in solution.row_dual])


def whole(program: Program, costs: Sequence[int], columns: Sequence[int], *, time_limit: float) -> Whole:
    """Maximise the costs in whole numbers with these columns alone, the others at 0."""
    solver = _run(program, costs, columns, is_whole=True, time_limit=time_limit)
    status, info = solver.getModelStatus(), solver.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Whole(None, -math.inf, True)
    is_done = status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)
    bound = -info.mip_dual_bound if is_done else math.inf
    if not is_done and info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Whole(None, bound, False)
    values = [0] * len(program.uppers)
    for column, value in zip(columns, solver.getSolution().col_value, strict=True):
        values[column] = round(value)
    return Whole(tuple(values) if program.is_kept_by(values) else None, bound, False)


def _run(
    program: Program, costs: Sequence[int], columns: Sequence[int], *, is_whole: bool, time_limit: float
) -> highspy.Highs:
    model = _model(program, costs, columns, is_whole=is_whole)
    for options in (_OPTIONS, _OPTIONS | _LOOSER):
        solver = highspy.Highs()
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.setOptionValue("time_limit", max(0.0, time_limit))
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kSolveError:
            break
    return solver


def _model(program: Program, costs: Sequence[int], columns: Sequence[int], *, is_whole: bool) -> highspy.HighsLp:
    number = {column: place for place, column in enumerate(columns)}
    terms = [[(number[c], a) for c, a in row.terms if c in number] for row in program.rows]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), len(terms)
    model.col_cost_ = np.array([-costs[c] for c in columns], dtype=float)
    model.col_lower_ = np.zeros(len(columns))
    model.col_upper_ = np.array([program.uppers[c] for c in columns], dtype=float)
    model.row_lower_ = np.array([-math.inf if row.lower is None else row.lower for row in program.rows], dtype=float)
    model.row_upper_ = np.array([math.inf if row.upper is None else row.upper for row in program.rows], dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *map(len, terms)])
    model.a_matrix_.index_ = np.array([c for c, _ in chain.from_iterable(terms)], dtype=np.int32)
    model.a_matrix_.value_ = np.array([a for _, a in chain.from_iterable(terms)], dtype=float)
    if is_whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
    return model


def _is_met(row: Row, values: Sequence[int]) -> bool:
    total = sum(coefficient * values[column] for column, coefficient in row.terms)
    return (row.lower is None or row.lower <= total) and (row.upper is None or total <= row.upper)
