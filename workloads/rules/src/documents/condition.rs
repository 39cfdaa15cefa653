//! Conditions in the status of objects.

use serde::Deserialize;

use super::{List, Text};

/// The conditions of an object.
///
/// ```
/// use ccx_rules::documents::Conditions;
///
/// let conditions: Conditions<'_> =
///     serde_json::from_str(r#"[{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}]"#)?;
/// assert_eq!(&*conditions.find_false("Ready").unwrap().reason, "KubeletNotReady");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub type Conditions<'a> = List<Condition<'a>>;

/// A condition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition<'a> {
    /// The type, such as `Degraded`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// `True`, `False` or `Unknown`.
    pub status: Text<'a>,
    /// The reason, as one word.
    pub reason: Text<'a>,
    /// The reason, as a sentence.
    pub message: Text<'a>,
    /// When `status` changed last.
    pub last_transition_time: Text<'a>,
}

impl<'a> Conditions<'a> {
    /// Returns the condition of a type.
    pub fn find(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.iter().find(|condition| &*condition.r#type == r#type)
    }

    /// Returns the condition of a type, if its status is `True`.
    pub fn find_true(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.find(r#type).filter(|condition| &*condition.status == "True")
    }

    /// Returns the condition of a type, if its status is `False`, and not if it is `Unknown`.
    pub fn find_false(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.find(r#type).filter(|condition| &*condition.status == "False")
    }
}
