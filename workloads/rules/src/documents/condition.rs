//! Conditions, with which operators tell how they are.

use serde::Deserialize;

use super::{List, Text};

/// The conditions of an object.
pub type Conditions<'a> = List<Condition<'a>>;

/// One aspect of an object's state.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition<'a> {
    /// The aspect, such as `Degraded`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// `True`, `False` or `Unknown`.
    pub status: Text<'a>,
    /// Why, in one word.
    pub reason: Text<'a>,
    /// Why, for humans.
    pub message: Text<'a>,
    /// When `status` changed.
    pub last_transition_time: Text<'a>,
}

impl<'a> Conditions<'a> {
    /// The condition of a type.
    pub fn find(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.iter().find(|condition| &*condition.r#type == r#type)
    }

    /// The condition of a type, if its status is `True`.
    pub fn find_true(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.find(r#type).filter(|condition| &*condition.status == "True")
    }

    /// The condition of a type, if its status is `False`; `Unknown` is not.
    pub fn find_false(&self, r#type: &str) -> Option<&Condition<'a>> {
        self.find(r#type).filter(|condition| &*condition.status == "False")
    }
}
