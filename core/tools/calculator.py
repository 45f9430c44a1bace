"""The tool `calculator`: exact where figures can be, with bounds on how long and how large anything may grow."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException
from fractions import Fraction

from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec, object_schema

LONGEST = 500  # characters of an expression
LARGEST = 4_096  # bits of a numerator or a denominator
DEEPEST = 60  # operations within each other
DIGITS = 15  # of a result that is not a whole number
MOST_FACTORIAL = 400
PRECISION = Context(prec=40, Emax=1_200, Emin=-1_200)
TRUE = Context(prec=34, Emax=1_200, Emin=-1_200)  # of which all digits are right
WRITTEN = str.maketrans({"\u00d7": "*", "\u00b7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-"})  # as people write

SPEC = ToolSpec(
    "calculator",
    "Works out an arithmetic expression exactly. Use it for every calculation.",
    object_schema({"expression": "As in 2 * (3 + 4) ** 2; also %, //, sqrt, log, ln, exp, sin, factorial, round, pi"}),
    is_read_only=True,
    is_trusted=True,
)


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise ToolFailed("a negative number has no real root")
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return exact if exact * exact == value else _fraction(PRECISION.sqrt(_decimal(value)))


def _log(value: Fraction, base: Fraction | None = None) -> Fraction:
    if value <= 0 or (base is not None and (base <= 0 or base == 1)):
        raise ToolFailed("this logarithm does not exist")
    if base is None:
        return _fraction(PRECISION.log10(_decimal(value)))
    return _fraction(PRECISION.divide(PRECISION.ln(_decimal(value)), PRECISION.ln(_decimal(base))))


def _natural_log(value: Fraction) -> Fraction:
    if value <= 0:
        raise ToolFailed("this logarithm does not exist")
    return _fraction(PRECISION.ln(_decimal(value)))


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= MOST_FACTORIAL:
        raise ToolFailed(f"factorials are of whole numbers from 0 to {MOST_FACTORIAL}")
    return Fraction(math.factorial(value.numerator))


def _round_to(value: Fraction, places: Fraction = Fraction(0)) -> Fraction:
    if places.denominator != 1 or abs(places) > 100:
        raise ToolFailed("round takes a whole number of places, 100 at the most")
    return Fraction(round(value, int(places)))


def _by_float(function: Callable[[float], float]) -> Callable[[Fraction], Fraction]:
    return lambda value: Fraction(repr(function(float(value))))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return a power; one that would be too large is refused before it is worked out."""
    if exponent.denominator != 1:
        if base < 0:
            raise ToolFailed("this power has no real value")
        return _fraction(PRECISION.power(_decimal(base), _decimal(exponent))) if base else Fraction(0)
    if abs(exponent.numerator) * (_bits(base) - 1) > LARGEST and abs(base) != 1 and base:
        raise ToolFailed("the result would be too large")
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    return Fraction(base**exponent.numerator) if abs(base) != 1 else base ** (exponent.numerator % 2)


OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
SIGNS: Mapping[type[ast.unaryop], Callable[[Fraction], Fraction]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
FUNCTIONS: Mapping[str, Callable[..., Fraction | int]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": _round_to,
    "sqrt": _root,
    "exp": lambda value: _fraction(PRECISION.exp(_decimal(value))),
    "ln": _natural_log,
    "log": _log,
    "log10": _log,
    "factorial": _factorial,
    **{name: _by_float(getattr(math, name)) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "degrees")},
    "radians": _by_float(math.radians),
}
NAMES: Mapping[str, Fraction] = {"pi": Fraction(repr(math.pi)), "e": Fraction(repr(math.e))}


def evaluate_expression(expression: str) -> str:
    """Return the value of an expression, as a whole number or with 15 significant digits; raises ToolFailed."""
    if len(expression) > LONGEST:
        raise ToolFailed(f"an expression has {LONGEST} characters at the most")
    try:
        tree = ast.parse(expression.translate(WRITTEN).replace("^", "**").strip(), mode="eval")
        return _format_value(_value_of(tree.body, 0))
    except ZeroDivisionError:
        raise ToolFailed("it divides by zero") from None
    except (SyntaxError, RecursionError, MemoryError):
        raise ToolFailed("this is no arithmetic expression") from None
    except (ArithmeticError, DecimalException, ValueError, TypeError):
        raise ToolFailed("this cannot be worked out") from None


def _value_of(node: ast.expr, depth: int) -> Fraction:
    if depth > DEEPEST:
        raise ToolFailed("the expression is too deep")
    value = Fraction(_operation(node, depth + 1))
    if _bits(value) > LARGEST:
        raise ToolFailed("the result would be too large")
    return value


def _operation(node: ast.expr, depth: int) -> Fraction | int:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Fraction(repr(number))  # as it was written: 0.1 is a tenth
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in SIGNS:
            return SIGNS[type(sign)](_value_of(operand, depth))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return OPERATORS[type(sign)](_value_of(left, depth), _value_of(right, depth))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_value_of(each, depth) for each in arguments))
    raise ToolFailed("it holds something that is neither a number nor a known operation")


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _decimal(value: Fraction) -> Decimal:
    return PRECISION.divide(Decimal(value.numerator), Decimal(value.denominator))


def _fraction(value: Decimal) -> Fraction:
    if not value.is_finite():
        raise ToolFailed("the result would be too large")
    return Fraction(TRUE.plus(value))


def _format_value(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    shown = Context(prec=DIGITS, Emax=9_999, Emin=-9_999).divide(Decimal(value.numerator), Decimal(value.denominator))
    exact = "" if Fraction(shown) == value else "about "
    return f"{exact}{shown.normalize():f}" if -20 < shown.adjusted() < 40 else f"{exact}{shown}"


async def _calculate(arguments: Arguments, _: CallContext) -> ToolResult:
    return ToolResult(evaluate_expression(arguments["expression"]))


CALCULATOR = Tool(SPEC, _calculate)
