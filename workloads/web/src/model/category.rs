//! Categories of recommendations: the groups of the health summary.

use crate::texts::Texts;

/// A category. Numbers and tags are those of the Advisor's links, `?category=4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// 1
    ServiceAvailability = 1,
    /// 2
    Performance = 2,
    /// 3
    FaultTolerance = 3,
    /// 4
    Security = 4,
    /// 5
    BestPractice = 5,
}

impl Category {
    /// All categories, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::ServiceAvailability,
        Self::Performance,
        Self::Security,
        Self::FaultTolerance,
        Self::BestPractice,
    ];

    /// The categories of the health summary.
    pub const HEALTH: [Self; 4] =
        [Self::ServiceAvailability, Self::Performance, Self::Security, Self::FaultTolerance];

    /// Parses the number of a category.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.number().to_string() == text)
    }

    /// Returns the number in links.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Returns the tag of its recommendations.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ServiceAvailability => "service_availability",
            Self::Performance => "performance",
            Self::FaultTolerance => "fault_tolerance",
            Self::Security => "security",
            Self::BestPractice => "best_practice",
        }
    }

    /// Returns whether a recommendation with these tags belongs to it.
    pub fn has_any_of(self, tags: &[String]) -> bool {
        tags.iter().any(|tag| tag == self.tag())
    }

    /// Returns the name in the language of the page.
    pub(crate) fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::ServiceAvailability => texts.service_availability,
            Self::Performance => texts.performance,
            Self::FaultTolerance => texts.fault_tolerance,
            Self::Security => texts.security,
            Self::BestPractice => texts.best_practice,
        }
    }
}
