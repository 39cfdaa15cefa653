//! Functions of lists.

use std::{cell::Cell, cmp::Ordering, collections::HashSet, sync::Arc};

use super::{Result, Scope, Value, count, items};
use crate::cel::{code::Operator, error::Reason, operators};

pub(super) fn size(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Text(text) => {
            scope.meter.charge(arguments[0].weight())?;
            Ok(count(text.chars().count()))
        }
        Value::List(list) => Ok(count(list.items().len())),
        Value::Map(map) => Ok(count(map.entries().len())),
        _ => Err(Reason::no_overload("size", arguments)),
    }
}

pub(super) fn distinct(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let items = items("distinct", arguments, 0)?;
    let mut texts: HashSet<Arc<str>> = HashSet::new();
    let mut others: Vec<&Value> = Vec::new();
    let mut distinct = Vec::new();
    for item in items {
        let is_new = if let Value::Text(text) = item {
            texts.insert(Arc::clone(text))
        } else {
            // Each item is compared with all previous ones.
            scope.meter.charge(others.len() as u64 * item.weight())?;
            let is_new = !others.contains(&item);
            others.extend(is_new.then_some(item));
            is_new
        };
        distinct.extend(is_new.then(|| item.clone()));
    }
    Ok(Value::list(distinct))
}

pub(super) fn flatten(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let mut flat = Vec::new();
    for item in items("flatten", arguments, 0)? {
        match item {
            Value::List(list) => {
                scope.meter.charge(list.items().len() as u64)?;
                flat.extend(list.items().iter().cloned());
            }
            other => flat.push(other.clone()),
        }
    }
    Ok(Value::list(flat))
}

pub(super) fn max(_: &Scope<'_>, arguments: &[Value]) -> Result {
    best("max", arguments, Ordering::is_gt)
}

pub(super) fn min(_: &Scope<'_>, arguments: &[Value]) -> Result {
    best("min", arguments, Ordering::is_lt)
}

fn best(function: &'static str, arguments: &[Value], is_better: fn(Ordering) -> bool) -> Result {
    let mut best: Option<&Value> = None;
    for item in items(function, arguments, 0)? {
        let ordering = best
            .map(|best| item.compare(best).ok_or_else(|| incomparable(function, arguments)))
            .transpose()?;
        if ordering.is_none_or(is_better) {
            best = Some(item);
        }
    }
    Ok(Value::optional(best.cloned()))
}

pub(super) fn sort(_: &Scope<'_>, arguments: &[Value]) -> Result {
    let mut sorted = items("sort", arguments, 0)?.to_vec();
    let are_comparable = Cell::new(true);
    sorted.sort_by(|a, b| {
        a.compare(b).unwrap_or_else(|| {
            are_comparable.set(false);
            Ordering::Equal
        })
    });
    if are_comparable.get() { Ok(Value::list(sorted)) } else { Err(incomparable("sort", arguments)) }
}

fn incomparable(function: &'static str, arguments: &[Value]) -> Reason {
    unsuitable_elements(function, arguments, "the elements of the list are not comparable with each other")
}

/// Returns the error about the elements of a list: that one is null, or else `why`.
pub(super) fn unsuitable_elements(function: &'static str, arguments: &[Value], why: &str) -> Reason {
    let has_null =
        matches!(arguments.first(), Some(Value::List(list)) if list.items().contains(&Value::Null));
    let why = if has_null {
        "an element of the list is null; leave it out: `list.filter(item, item != null)`"
    } else {
        why
    };
    Reason::Function(function, why.into())
}

pub(super) fn sum(_: &Scope<'_>, arguments: &[Value]) -> Result {
    let Some((first, rest)) = items("sum", arguments, 0)?.split_first() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(unsuitable_elements("sum", arguments, "the elements of the list are not numbers"));
    }
    let total = rest.iter().try_fold(first.clone(), |sum, item| operators::binary(Operator::Add, &sum, item));
    total.map_err(|reason| match reason {
        Reason::NoOverload(..) => {
            unsuitable_elements("sum", arguments, "the elements of the list are not numbers of one type")
        }
        other => other,
    })
}
