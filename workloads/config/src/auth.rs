//! `[auth]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// Authentication of the callers of the public API, of uploads and of the web page. The aggregator has a key of its own,
/// `aggregator.authentication`.
///
/// Several kinds of credentials can be accepted at once; without any key, every request is refused.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Whether the header `x-rh-identity` is trusted as it is. Set it only behind a gateway that removes the header from
    /// outside: anyone who can send it can pose as any organisation.
    pub trust_identity_header: bool,
    /// The organisation of callers without credentials; absent means that they are refused. For one machine, or a network in
    /// which everyone may see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_organization: Option<u32>,
    /// The organisations that may see internal rules.
    pub internal_organizations: Vec<u32>,
}

impl Auth {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let mut check = |key: &str, number: u32| {
            if !(1..=i32::MAX.cast_unsigned()).contains(&number) {
                problems.push(Problem::new(key, "is not an organisation id (1 to 2147483647)"));
            }
        };
        if let Some(number) = self.anonymous_organization {
            check("auth.anonymous_organization", number);
        }
        for number in &self.internal_organizations {
            check("auth.internal_organizations", *number);
        }
    }
}
