//! CEL rules for constraints that the schema alone can't express. Each message says what to do.

use ccx_config::formats::Format;
use kube::core::{Reason, Rule};

use crate::duration;

/// Returns a rule that is violated by an invalid value.
pub(crate) fn rule(expression: &str, message: &str) -> Rule {
    Rule::new(expression).message(message).reason(Reason::FieldValueInvalid)
}

/// Returns a rule that a map, which may be absent, has none of `keys`. The message lists them: it can't name the wrong
/// one, since the API server estimates that a computed message costs too much.
pub(crate) fn without_keys(field: &str, keys: &[&str], advice: &str) -> Rule {
    let has_key = format!("self.{field}.exists(key, key in ['{}'])", keys.join("', '"));
    forbidden(&format!("!has(self.{field}) || !{has_key}"), &format!("{advice}: {}", keys.join(", ")))
        .field_path(format!(".{field}"))
}

/// Returns the CEL expression that `value` has a form which the configuration file has, too.
pub(crate) fn matches(value: &str, format: Format) -> String {
    format!("{value}.matches('{}')", format.pattern.replace('\\', "\\\\"))
}

/// Returns a rule that is violated by a missing field.
pub(crate) fn required(expression: &str, message: &str) -> Rule {
    Rule::new(expression).message(message).reason(Reason::FieldValueRequired)
}

/// Returns a rule that is violated by a field that must be absent.
pub(crate) fn forbidden(expression: &str, message: &str) -> Rule {
    Rule::new(expression).message(message).reason(Reason::FieldValueForbidden)
}

/// Requires `field` when `condition` holds.
pub(crate) fn needed_when(field: &str, condition: &str, message: &str) -> Rule {
    required(&format!("!({condition}) || has(self.{field})"), message).field_path(format!(".{field}"))
}

/// Allows `field` only when `condition` holds.
pub(crate) fn only_when(field: &str, condition: &str, message: &str) -> Rule {
    forbidden(&format!("({condition}) || !has(self.{field})"), message).field_path(format!(".{field}"))
}

/// Requires that the duration in `field` does not exceed the one in `limit`.
pub(crate) fn not_longer(field: &str, limit: &str) -> Rule {
    let is_wrong = duration::is_malformed;
    let (value, other) = (format!("self.{field}"), format!("self.{limit}"));
    let expression =
        format!("{} || {} || duration({value}) <= duration({other})", is_wrong(&value), is_wrong(&other));
    rule(&expression, &format!("choose at most {limit}")).field_path(format!(".{field}"))
}

/// Requires that the quantity in `field` does not exceed the one in `limit`.
pub(crate) fn not_larger(field: &str, limit: &str) -> Rule {
    let expression = format!(
        "!isQuantity(self.{field}) || !isQuantity(self.{limit}) || \
         !quantity(self.{field}).isGreaterThan(quantity(self.{limit}))"
    );
    rule(&expression, &format!("choose at most {limit}")).field_path(format!(".{field}"))
}

/// Requires that `field` fits into the memory of the container.
pub(crate) fn fits_into_memory(field: &str) -> Rule {
    let expression = format!(
        "!has(self.resources.limits) || !('memory' in self.resources.limits) || !isQuantity(self.{field}) || \
         !isQuantity(string(self.resources.limits['memory'])) || \
         quantity(self.{field}).isLessThan(quantity(string(self.resources.limits['memory'])))"
    );
    rule(&expression, "choose less than resources.limits.memory, or pods are killed for want of memory")
        .field_path(format!(".{field}"))
}

/// Requires that the archives of a pipeline pod fit into the container's memory: those in flight, the one
/// that may exceed them, and 128Mi for everything else (`ccx_config::MEMORY_MARGIN`).
pub(crate) fn archives_fit_into_memory() -> Rule {
    let (limit, unpacked) = ("self.resources.limits['memory']", "self.archiveLimits.maxUnpackedSize");
    let expression = format!(
        "!has(self.resources.limits) || !('memory' in self.resources.limits) || !isQuantity(self.maxSizeInFlight) || \
         !isQuantity({unpacked}) || !isQuantity(string({limit})) || \
         !quantity(self.maxSizeInFlight).add(quantity({unpacked})).add(quantity('128Mi'))\
         .isGreaterThan(quantity(string({limit})))"
    );
    let message = "choose maxSizeInFlight, archiveLimits.maxUnpackedSize and 128Mi together at most resources.limits.memory, \
                   or pods are killed for want of memory";
    rule(&expression, message).field_path(".maxSizeInFlight")
}

/// Requires a CPU request for autoscaling by CPU utilization.
pub(crate) fn cpu_is_requested() -> Rule {
    required(
        "self.autoscaling.type != 'Cpu' || (has(self.resources.requests) && 'cpu' in self.resources.requests)",
        "set resources.requests.cpu: autoscaling by CPU counts in percent of it",
    )
    .field_path(".resources")
}

/// Requires that the two keys of a Secret differ.
pub(crate) fn different_keys(one: &str, other: &str) -> Rule {
    rule(&format!("self.{one} != self.{other}"), &format!("name another key than {one}: the values differ"))
        .field_path(format!(".{other}"))
}
