//! The methods of strings, lists, numbers and objects.

use super::{
    error::RenderErrorKind,
    number,
    render::MAX_TEXT_BYTES,
    syntax::Method,
    text::{self, Text},
    value::Value,
};

type Called<'a> = Result<Value<'a>, RenderErrorKind>;

/// Calls a method.
pub(super) fn call<'a>(method: Method, receiver: &Value<'a>, arguments: &[Value<'a>]) -> Called<'a> {
    let arguments = Arguments(arguments);
    match (receiver, method) {
        (Value::Undefined, _) => {
            Err(RenderErrorKind::MemberOfNothing { member: method.name().into(), of: "undefined" })
        }
        (Value::Null, _) => {
            Err(RenderErrorKind::MemberOfNothing { member: method.name().into(), of: "null" })
        }
        (Value::Number(number), Method::ToFixed) => to_fixed(*number, &arguments),
        (_, Method::ToString) if arguments.0.is_empty() => Ok(Value::Text(receiver.to_text()?)),
        (Value::Object(fields), Method::HasOwnProperty) => {
            Ok(Value::Bool(fields.contains_key(&*arguments.text(0)?)))
        }
        (Value::Text(text), _) => call_of_text(method, text, &arguments),
        (Value::Array(_) | Value::List(_), _) => call_of_list(method, receiver, &arguments),
        _ => Err(no_such_method(method, receiver)),
    }
}

fn no_such_method(method: Method, receiver: &Value<'_>) -> RenderErrorKind {
    RenderErrorKind::NoSuchMethod { method: method.name(), of: receiver.describe() }
}

fn to_fixed<'a>(number: f64, arguments: &Arguments<'_, 'a>) -> Called<'a> {
    let digits = arguments.whole(0, 0.0)?;
    if !(0.0..=100.0).contains(&digits) {
        return Err(RenderErrorKind::Argument { method: Method::ToFixed.name() });
    }
    Ok(number::to_fixed(number, clamp(digits, 100)).into())
}

fn call_of_text<'a>(method: Method, text: &Text<'a>, arguments: &Arguments<'_, 'a>) -> Called<'a> {
    let length = text::length(text);
    Ok(match method {
        Method::CharAt => match arguments.whole(0, 0.0)? {
            index if index < 0.0 => String::new().into(),
            index => text::slice(text, clamp(index, length), clamp(index + 1.0, length)).into(),
        },
        Method::Concat => concatenate(text, arguments)?.into(),
        Method::EndsWith => {
            let end = text::offset_of(text, clamp(arguments.whole(1, f64::INFINITY)?, length));
            Value::Bool(text[..end].ends_with(&*arguments.text(0)?))
        }
        Method::StartsWith => Value::Bool(rest(text, arguments)?.1.starts_with(&*arguments.text(0)?)),
        Method::Includes => Value::Bool(rest(text, arguments)?.1.contains(&*arguments.text(0)?)),
        Method::IndexOf => {
            let (start, rest) = rest(text, arguments)?;
            position(rest.find(&*arguments.text(0)?).map(|offset| text::unit_at(text, start + offset)))
        }
        Method::LastIndexOf => last_index_in_text(text, arguments)?,
        Method::PadEnd => format!("{}{}", &**text, padding(text, arguments)?).into(),
        Method::PadStart => format!("{}{}", padding(text, arguments)?, &**text).into(),
        Method::Repeat => repeat(text, arguments)?.into(),
        Method::Replace => replace(text, arguments, 1)?.into(),
        Method::ReplaceAll => replace(text, arguments, usize::MAX)?.into(),
        Method::Slice => {
            let (start, end) = range(arguments, length)?;
            text::slice(text, start, end).into()
        }
        Method::Split => split(text, arguments)?,
        Method::Substring => {
            let start = clamp(arguments.whole(0, 0.0)?, length);
            let end = clamp(arguments.whole(1, f64::INFINITY)?, length);
            text::slice(text, start.min(end), start.max(end)).into()
        }
        Method::ToLowerCase => text.to_lowercase().into(),
        Method::ToUpperCase => text.to_uppercase().into(),
        Method::ToString => Value::Text(text.clone()),
        Method::Trim => text.trim_matches(text::is_space).to_owned().into(),
        Method::TrimEnd => text.trim_end_matches(text::is_space).to_owned().into(),
        Method::TrimStart => text.trim_start_matches(text::is_space).to_owned().into(),
        Method::HasOwnProperty | Method::Join | Method::ToFixed => {
            return Err(no_such_method(method, &Value::Text(text.clone())));
        }
    })
}

fn call_of_list<'a>(method: Method, list: &Value<'a>, arguments: &Arguments<'_, 'a>) -> Called<'a> {
    let items = list.items();
    let wanted = arguments.get(0);
    Ok(match method {
        Method::Concat => {
            let more = arguments.0.iter().flat_map(|argument| match argument.list_length() {
                Some(_) => argument.items(),
                None => vec![argument.clone()],
            });
            Value::list(items.into_iter().chain(more))?
        }
        Method::Includes => {
            let is_nan = |value: &Value<'_>| matches!(value, Value::Number(number) if number.is_nan());
            Value::Bool(items.iter().any(|item| item.equals(wanted) || (is_nan(item) && is_nan(wanted))))
        }
        Method::IndexOf => {
            let start = relative(arguments.whole(1, 0.0)?, items.len());
            position(items.iter().skip(start).position(|item| item.equals(wanted)).map(|found| start + found))
        }
        Method::LastIndexOf => position(items.iter().rposition(|item| item.equals(wanted))),
        Method::Join => join(list, arguments)?.into(),
        Method::Slice => {
            let (start, end) = range(arguments, items.len())?;
            Value::list(items.into_iter().take(end).skip(start))?
        }
        Method::ToString => Value::Text(list.to_text()?),
        _ => return Err(no_such_method(method, list)),
    })
}

/// Returns the text from the unit at the index of the second argument on, and its offset.
fn rest<'t>(text: &'t str, arguments: &Arguments<'_, '_>) -> Result<(usize, &'t str), RenderErrorKind> {
    let start = text::offset_of(text, clamp(arguments.whole(1, 0.0)?, text::length(text)));
    Ok((start, &text[start..]))
}

fn last_index_in_text<'a>(text: &str, arguments: &Arguments<'_, 'a>) -> Called<'a> {
    let wanted = arguments.text(0)?;
    let from = match arguments.get(1).to_number()? {
        number if number.is_nan() => f64::INFINITY,
        number => number.trunc(),
    };
    let last_start = text::offset_of(text, clamp(from, text::length(text)));
    let is_before = |(offset, _): &(usize, &str)| *offset <= last_start;
    if wanted.is_empty() {
        return Ok(Value::count(text::unit_at(text, last_start)));
    }
    Ok(position(text.rmatch_indices(&*wanted).find(is_before).map(|(offset, _)| text::unit_at(text, offset))))
}

fn position<'a>(found: Option<usize>) -> Value<'a> {
    found.map_or(Value::Number(-1.0), Value::count)
}

fn concatenate(text: &str, arguments: &Arguments<'_, '_>) -> Result<String, RenderErrorKind> {
    let mut joined = text.to_owned();
    for index in 0..arguments.0.len() {
        joined.push_str(&arguments.text(index)?);
    }
    Ok(joined)
}

fn join(list: &Value<'_>, arguments: &Arguments<'_, '_>) -> Result<String, RenderErrorKind> {
    let separator = match arguments.get(0) {
        Value::Undefined => Text::Borrowed(","),
        separator => separator.to_text()?,
    };
    let count = list.list_length().unwrap_or_default();
    within_limit(list.weight().saturating_add(count.saturating_mul(separator.len())))?;
    Ok(list.join(&separator)?)
}

fn padding(text: &str, arguments: &Arguments<'_, '_>) -> Result<String, RenderErrorKind> {
    let filler = match arguments.get(1) {
        Value::Undefined => Text::Borrowed(" "),
        filler => filler.to_text()?,
    };
    let target = arguments.whole(0, 0.0)?;
    let missing = clamp(target, MAX_TEXT_BYTES + 1).saturating_sub(text::length(text));
    within_limit(missing)?;
    let filler_length = text::length(&filler);
    if missing == 0 || filler_length == 0 {
        return Ok(String::new());
    }
    Ok(text::slice(&filler.repeat(missing.div_ceil(filler_length)), 0, missing))
}

fn repeat(text: &str, arguments: &Arguments<'_, '_>) -> Result<String, RenderErrorKind> {
    let count = arguments.whole(0, 0.0)?;
    if count < 0.0 || count.is_infinite() {
        return Err(RenderErrorKind::Argument { method: Method::Repeat.name() });
    }
    let count = clamp(count, MAX_TEXT_BYTES + 1);
    within_limit(text.len().saturating_mul(count))?;
    Ok(text.repeat(count))
}

/// Replaces the first `max_count` matches. In the replacement `$&` is the match, `$$` a dollar sign.
fn replace(text: &str, arguments: &Arguments<'_, '_>, max_count: usize) -> Result<String, RenderErrorKind> {
    let (wanted, replacement) = (arguments.text(0)?, arguments.text(1)?);
    let replacement = replacement.replace("$&", &wanted).replace("$$", "$");
    let count = text.matches(&*wanted).take(max_count).count();
    within_limit(text.len().saturating_add(count.saturating_mul(replacement.len())))?;
    Ok(text.replacen(&*wanted, &replacement, max_count))
}

fn split<'a>(text: &Text<'a>, arguments: &Arguments<'_, 'a>) -> Called<'a> {
    let limit = match arguments.get(1) {
        Value::Undefined => usize::MAX,
        // JavaScript converts the limit to 32 bits: -1 is no limit, and infinity is zero.
        _ => clamp(arguments.whole(1, 0.0)?.rem_euclid(4_294_967_296.0), usize::MAX),
    };
    let own = |part: &str| Value::from(part.to_owned());
    let parts: Vec<Value<'a>> = match arguments.get(0) {
        Value::Undefined => vec![Value::Text(text.clone())].into_iter().take(limit).collect(),
        separator => match &*separator.to_text()? {
            "" => text.chars().take(limit).map(|character| own(character.encode_utf8(&mut [0; 4]))).collect(),
            separator => text.split(separator).take(limit).map(own).collect(),
        },
    };
    Ok(Value::list(parts)?)
}

fn within_limit(bytes: usize) -> Result<(), RenderErrorKind> {
    if bytes > MAX_TEXT_BYTES { Err(RenderErrorKind::TooLong { limit: MAX_TEXT_BYTES }) } else { Ok(()) }
}

/// Returns the start and end of `slice`, which may count from the end.
fn range(arguments: &Arguments<'_, '_>, length: usize) -> Result<(usize, usize), RenderErrorKind> {
    let start = relative(arguments.whole(0, 0.0)?, length);
    let end = relative(arguments.whole(1, f64::INFINITY)?, length);
    Ok((start, end.max(start)))
}

/// Returns a position that counts from the end when it is negative.
fn relative(position: f64, length: usize) -> usize {
    if position < 0.0 { length - clamp(-position, length) } else { clamp(position, length) }
}

/// Clamps a whole number between zero and a maximum.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of floats saturates, which is what is wanted here"
)]
fn clamp(number: f64, max: usize) -> usize {
    (number as usize).min(max)
}

/// The arguments of a call, of which any may be missing.
struct Arguments<'r, 'a>(&'r [Value<'a>]);

impl<'r, 'a> Arguments<'r, 'a> {
    fn get(&self, index: usize) -> &'r Value<'a> {
        self.0.get(index).unwrap_or(&Value::Undefined)
    }

    fn text(&self, index: usize) -> Result<Text<'a>, RenderErrorKind> {
        Ok(self.get(index).to_text()?)
    }

    /// Returns a number without its fraction: zero for NaN, `of_missing` for `undefined`.
    fn whole(&self, index: usize, of_missing: f64) -> Result<f64, RenderErrorKind> {
        match self.get(index) {
            Value::Undefined => Ok(of_missing),
            value => match value.to_number()? {
                number if number.is_nan() => Ok(0.0),
                number => Ok(number.trunc()),
            },
        }
    }
}
