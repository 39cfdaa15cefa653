//! Severities.

use std::ops::{AddAssign, Index};

use crate::texts::Texts;

/// A severity: total risk, impact, likelihood or risk of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// 1
    Low = 1,
    /// 2
    Moderate = 2,
    /// 3
    Important = 3,
    /// 4
    Critical = 4,
}

impl Risk {
    /// All severities, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Important, Self::Moderate, Self::Low];

    /// Returns the severity of a number, the nearest one if it is out of range.
    pub fn from_number(number: i64) -> Self {
        match number {
            ..=1 => Self::Low,
            2 => Self::Moderate,
            3 => Self::Important,
            4.. => Self::Critical,
        }
    }

    /// Parses the number of a severity.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|risk| risk.number().to_string() == text)
    }

    /// Returns the number: 1 is low, 4 is critical.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Returns the name in the language of the page.
    pub(crate) fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Low => texts.low,
            Self::Moderate => texts.moderate,
            Self::Important => texts.important,
            Self::Critical => texts.critical,
        }
    }

    /// Returns the name for classes and metrics.
    pub fn key(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }
}

/// A number for each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RiskCounts([u32; 4]);

impl RiskCounts {
    /// Returns the number of a severity.
    pub fn count(&self, risk: &Risk) -> u32 {
        self[*risk]
    }

    /// Returns the sum.
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds `count` to a severity.
    pub fn add(&mut self, risk: Risk, count: u32) {
        let entry = &mut self.0[usize::from(risk.number() - 1)];
        *entry = entry.saturating_add(count);
    }

    /// Returns the worst severity with a count above zero.
    pub fn worst(&self) -> Option<Risk> {
        Risk::ALL.into_iter().find(|risk| self[*risk] > 0)
    }

    /// Returns a key that orders by the number of critical ones first, then important ones, and so on.
    pub fn weight(&self) -> [u32; 4] {
        Risk::ALL.map(|risk| self[risk])
    }
}

impl Index<Risk> for RiskCounts {
    type Output = u32;

    fn index(&self, risk: Risk) -> &u32 {
        &self.0[usize::from(risk.number() - 1)]
    }
}

impl AddAssign for RiskCounts {
    fn add_assign(&mut self, other: Self) {
        for risk in Risk::ALL {
            self.add(risk, other[risk]);
        }
    }
}

impl FromIterator<Risk> for RiskCounts {
    fn from_iter<I: IntoIterator<Item = Risk>>(risks: I) -> Self {
        let mut counts = Self::default();
        for risk in risks {
            counts.add(risk, 1);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_ordered_by_the_worst_severity_first() {
        let one_critical: RiskCounts = [Risk::Critical].into_iter().collect();
        let many_low: RiskCounts = [Risk::Low; 9].into_iter().collect();
        assert!(one_critical.weight() > many_low.weight());
        assert_eq!((many_low.total(), many_low.worst()), (9, Some(Risk::Low)));
        assert_eq!(RiskCounts::default().worst(), None);
    }

    #[test]
    fn number_out_of_range_is_the_nearest_severity() {
        assert_eq!(
            [0, 1, 4, 9].map(Risk::from_number),
            [Risk::Low, Risk::Low, Risk::Critical, Risk::Critical]
        );
        assert_eq!(Risk::parse("3"), Some(Risk::Important));
        assert_eq!([Risk::parse("0"), Risk::parse("5"), Risk::parse("x")], [None; 3]);
    }
}
