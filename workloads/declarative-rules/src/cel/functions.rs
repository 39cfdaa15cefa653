//! The functions of the language with their signatures and summaries.

use std::ops::RangeInclusive;

use super::{Value, error::Reason, evaluate::Scope, value::text_weight};
use crate::suggest;

mod cluster;
mod convert;
mod list;
#[expect(clippy::unnecessary_wraps, reason = "functions have one shape")]
mod optional;
mod text;
mod time;

/// A function of the language.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: &'static str,
    /// Signature in Markdown.
    pub signature: &'static str,
    /// Summary, one sentence.
    pub summary: &'static str,
    forms: Forms,
    /// Number of arguments, including the value before the dot.
    pub arguments: RangeInclusive<usize>,
    cost: Cost,
    run: fn(&Scope<'_>, &[Value]) -> Result,
}

type Result<T = Value> = std::result::Result<T, Reason>;

/// Whether a call is written `f(a)` or `a.f()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Global,
    Member,
}

impl Form {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Global => Self::Member,
            Self::Member => Self::Global,
        }
    }
}

/// Forms in which a function may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forms {
    Only(Form),
    Either,
}

/// Number of steps that a call takes.
#[derive(Clone, Copy, Debug)]
enum Cost {
    /// No steps besides the one of the node.
    Flat,
    /// One step for each element of a list, and by the length of texts.
    Shallow,
    /// The weight of the arguments.
    Deep,
}

impl Function {
    /// Charges the cost and calls the function.
    pub(super) fn call(&self, scope: &Scope<'_>, arguments: &[Value]) -> Result {
        scope.meter.charge(self.cost.steps(arguments))?;
        scope.meter.admit((self.run)(scope, arguments)?)
    }
}

impl Cost {
    fn steps(self, arguments: &[Value]) -> u64 {
        match self {
            Self::Flat => 0,
            Self::Shallow => arguments.iter().map(shallow_weight).sum(),
            Self::Deep => arguments.iter().map(Value::weight).fold(0, u64::saturating_add),
        }
    }
}

fn shallow_weight(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text_weight(text),
        Value::List(list) => list
            .items()
            .iter()
            .map(|item| if let Value::Text(text) = item { text_weight(text) } else { 1 })
            .sum(),
        Value::Map(map) => map.entries().len() as u64,
        _ => 1,
    }
}

/// Finds the function of a name that can be called in a form.
pub(crate) fn find(name: &str, form: Form) -> Option<&'static Function> {
    ALL.iter().find(|function| {
        function.name == name && (function.forms == Forms::Either || function.forms == Forms::Only(form))
    })
}

/// The language's own macros that are called like functions.
const MACROS: [&str; 8] = ["has", "all", "exists", "exists_one", "filter", "map", "optMap", "optFlatMap"];

/// Names that other languages have for functions and macros.
const ALIASES: [(&str, &str); 22] = [
    ("len", "size"),
    ("length", "size"),
    ("count", "size"),
    ("any", "exists"),
    ("some", "exists"),
    ("every", "all"),
    ("where", "filter"),
    ("select", "filter"),
    ("find", "filter"),
    ("lower", "lowerAscii"),
    ("toLowerCase", "lowerAscii"),
    ("upper", "upperAscii"),
    ("toUpperCase", "upperAscii"),
    ("match", "matches"),
    ("includes", "contains"),
    ("hasPrefix", "startsWith"),
    ("hasSuffix", "endsWith"),
    ("substring", "excerpt"),
    ("strip", "trim"),
    ("str", "string"),
    ("float", "double"),
    ("unique", "distinct"),
];

/// Words that other languages have for operators, in calls.
const OPERATORS: [(&str, &str); 5] = [
    ("not", "!"),
    ("and", "&&"),
    ("or", "||"),
    ("isEmpty", "size(value) == 0"),
    ("empty", "size(value) == 0"),
];

/// Returns `, did you mean …?` with the function that was probably meant by an unknown name, or nothing.
pub(crate) fn closest(name: &str) -> String {
    if let Some((_, instead)) = OPERATORS.iter().find(|(word, _)| *word == name) {
        return format!("; write `{instead}`");
    }
    let own = || ALL.iter().map(|function| function.name).chain(MACROS).chain(["matches"]);
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let Some(close) = suggest::closest(name, aliases.chain(own())) else { return String::new() };
    let meant = ALIASES.iter().find(|(alias, _)| *alias == close).map_or(close, |(_, meant)| meant);
    format!(", did you mean `{meant}`?")
}

/// Returns true if a function or macro has the name.
pub(crate) fn is_known(name: &str) -> bool {
    ALL.iter().any(|function| function.name == name) || MACROS.contains(&name) || name == "matches"
}

/// Returns an argument that must be a text.
fn text<'a>(function: &'static str, arguments: &'a [Value], position: usize) -> Result<&'a str> {
    match arguments.get(position) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(Reason::no_overload(function, arguments)),
    }
}

/// Returns the elements of an argument that must be a list.
fn items<'a>(function: &'static str, arguments: &'a [Value], position: usize) -> Result<&'a [Value]> {
    match arguments.get(position) {
        Some(Value::List(list)) => Ok(list.items()),
        _ => Err(Reason::no_overload(function, arguments)),
    }
}

/// Converts a number of elements or characters to a value.
fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

const GLOBAL: Forms = Forms::Only(Form::Global);
const MEMBER: Forms = Forms::Only(Form::Member);

macro_rules! functions {
    ($($name:literal $forms:ident $arguments:expr, $cost:ident, $run:path, $signature:literal, $summary:literal;)*) => {
        &[$(Function {
            name: $name,
            signature: concat!("`", $signature, "`"),
            summary: $summary,
            forms: $forms,
            arguments: $arguments,
            cost: Cost::$cost,
            run: $run,
        }),*]
    };
}

use Forms::Either as EITHER;

/// Every function, grouped by topic, except those that the compiler handles: the operators, the macros `has`,
/// `all`, `exists`, `exists_one`, `filter`, `map`, `optMap` and `optFlatMap`, and `matches`, because its pattern
/// is checked when the rule is loaded.
#[rustfmt::skip]
pub(crate) const ALL: &[Function] = functions![
    "age" GLOBAL 1..=1, Flat, time::age, "age(time)", "The duration between a time and the gathering of the data.";
    "now" GLOBAL 0..=0, Flat, time::now, "now()", "The time at which the data was gathered; a timestamp. Never the wall clock.";
    "cond" GLOBAL 2..=2, Shallow, cluster::condition, "cond(object, type)", "The condition of a type in `status.conditions`, as an optional.";
    "condTrue" GLOBAL 2..=2, Shallow, cluster::condition_true, "condTrue(object, type)", "Whether a condition exists and has the status `True`.";
    "condFalse" GLOBAL 2..=2, Shallow, cluster::condition_false, "condFalse(object, type)", "Whether a condition exists and has the status `False`.";
    "mask" GLOBAL 1..=1, Flat, cluster::mask, "mask(text)", "The first two characters and `***`, for names that must not leave the cluster.";
    "quantity" GLOBAL 1..=1, Flat, cluster::quantity, "quantity(text)", "The value of a Kubernetes quantity such as `16Gi` or `250m`; a double.";
    "semver" GLOBAL 1..=1, Flat, cluster::semver, "semver(text)", "A version such as `4.16.3` or `4.17.0-rc.2`, which can be compared.";
    "isSemver" GLOBAL 1..=1, Flat, cluster::is_semver, "isSemver(text)", "Whether `semver` can parse the text.";
    "major" MEMBER 1..=1, Flat, cluster::major, "version.major()", "The first number of a version.";
    "minor" MEMBER 1..=1, Flat, cluster::minor, "version.minor()", "The second number of a version.";
    "patch" MEMBER 1..=1, Flat, cluster::patch, "version.patch()", "The third number of a version.";

    "size" EITHER 1..=1, Flat, list::size, "size(value)", "The number of characters, elements or entries of a text, list or map.";
    "distinct" MEMBER 1..=1, Deep, list::distinct, "list.distinct()", "The distinct elements, in order of their first occurrence.";
    "flatten" MEMBER 1..=1, Shallow, list::flatten, "list.flatten()", "The elements of the lists in a list.";
    "max" EITHER 1..=1, Shallow, list::max, "max(list)", "The largest element; an optional, since a list may be empty.";
    "min" EITHER 1..=1, Shallow, list::min, "min(list)", "The smallest element; an optional, since a list may be empty.";
    "sort" MEMBER 1..=1, Shallow, list::sort, "list.sort()", "The elements in ascending order; all must be comparable with each other.";
    "sum" EITHER 1..=1, Shallow, list::sum, "sum(list)", "The sum of numbers of one type; 0 for an empty list.";

    "contains" MEMBER 2..=2, Shallow, text::contains, "text.contains(part)", "Whether a text has a part.";
    "startsWith" MEMBER 2..=2, Shallow, text::starts_with, "text.startsWith(part)", "Whether a text begins with a part.";
    "endsWith" MEMBER 2..=2, Shallow, text::ends_with, "text.endsWith(part)", "Whether a text ends with a part.";
    "excerpt" MEMBER 2..=2, Shallow, text::excerpt, "text.excerpt(characters)", "The first characters of a text.";
    "join" MEMBER 1..=2, Shallow, text::join, "list.join(separator)", "The concatenation of a list of texts.";
    "split" MEMBER 2..=2, Shallow, text::split, "text.split(separator)", "The parts of a text between separators.";
    "replace" MEMBER 3..=3, Shallow, text::replace, "text.replace(part, other)", "The text with each part replaced.";
    "lowerAscii" MEMBER 1..=1, Shallow, text::lower_ascii, "text.lowerAscii()", "The letters A to Z in lower case.";
    "upperAscii" MEMBER 1..=1, Shallow, text::upper_ascii, "text.upperAscii()", "The letters a to z in upper case.";
    "trim" MEMBER 1..=1, Shallow, text::trim, "text.trim()", "The text without white space around it.";

    "bool" GLOBAL 1..=1, Flat, convert::bool, "bool(value)", "A text converted to a Boolean.";
    "double" GLOBAL 1..=1, Flat, convert::double, "double(value)", "A number or text converted to a double.";
    "int" GLOBAL 1..=1, Flat, convert::int, "int(value)", "A number, text or timestamp (seconds since 1970) converted to an integer.";
    "uint" GLOBAL 1..=1, Flat, convert::uint, "uint(value)", "A number or text converted to an integer that is not negative.";
    "string" GLOBAL 1..=1, Flat, convert::string, "string(value)", "A number, Boolean, timestamp, duration or version converted to text.";
    "duration" GLOBAL 1..=1, Flat, time::duration, "duration(text)", "A length of time such as `1h30m`, `90s` or `250ms`.";
    "timestamp" GLOBAL 1..=1, Flat, time::timestamp, "timestamp(text)", "A point in time such as `2026-01-15T12:00:00Z`.";
    "dyn" GLOBAL 1..=1, Flat, convert::same, "dyn(value)", "The value itself.";
    "type" GLOBAL 1..=1, Flat, convert::type_of, "type(value)", "The type of a value, to compare with `int`, `string`, `list`, `map`, ….";

    "getFullYear" MEMBER 1..=1, Flat, time::full_year, "timestamp.getFullYear()", "The year, in UTC.";
    "getMonth" MEMBER 1..=1, Flat, time::month, "timestamp.getMonth()", "The month, from 0.";
    "getDate" MEMBER 1..=1, Flat, time::date, "timestamp.getDate()", "The day of the month, from 1.";
    "getDayOfWeek" MEMBER 1..=1, Flat, time::day_of_week, "timestamp.getDayOfWeek()", "The day of the week; Sunday is 0.";
    "getHours" MEMBER 1..=1, Flat, time::hours, "time.getHours()", "The hour of a timestamp, or all hours of a duration.";
    "getMinutes" MEMBER 1..=1, Flat, time::minutes, "time.getMinutes()", "The minute of a timestamp, or all minutes of a duration.";
    "getSeconds" MEMBER 1..=1, Flat, time::seconds, "time.getSeconds()", "The second of a timestamp, or all seconds of a duration.";

    "optional.of" GLOBAL 1..=1, Flat, optional::some, "optional.of(value)", "An optional with a value.";
    "optional.none" GLOBAL 0..=0, Flat, optional::none, "optional.none()", "An optional without a value.";
    "optional.ofNonZeroValue" GLOBAL 1..=1, Flat, optional::non_zero, "optional.ofNonZeroValue(value)", "An optional with the value, or without one if it is empty, zero, false or null.";
    "hasValue" MEMBER 1..=1, Flat, optional::has_value, "optional.hasValue()", "Whether an optional has a value.";
    "or" MEMBER 2..=2, Flat, optional::or, "optional.or(other)", "The optional, or another one if it has no value.";
    "orValue" MEMBER 2..=2, Flat, optional::or_value, "optional.orValue(value)", "The value of an optional, or another value if it has none.";
    "value" MEMBER 1..=1, Flat, optional::value, "optional.value()", "The value of an optional; an error if it has none.";
];
