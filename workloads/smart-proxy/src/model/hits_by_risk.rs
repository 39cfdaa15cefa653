//! Numbers of hits by severity.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use utoipa::ToSchema;

/// Number of hits of each severity: 1 is low, 4 is critical. All four are always present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = std::collections::BTreeMap<String, u32>)]
pub struct HitsByRisk([u32; 4]);

impl HitsByRisk {
    /// Counts a hit. A severity out of range counts as the nearest one.
    pub fn add(&mut self, total_risk: u8) {
        self.add_all(total_risk, 1);
    }

    /// Counts several hits of one severity.
    pub fn add_all(&mut self, total_risk: u8, hits: u32) {
        self.0[usize::from(total_risk.clamp(1, 4)) - 1] += hits;
    }

    /// Returns the number of hits of a severity.
    pub fn get(&self, total_risk: u8) -> u32 {
        usize::from(total_risk).checked_sub(1).and_then(|index| self.0.get(index)).copied().unwrap_or(0)
    }

    /// Returns the number of all hits.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// Returns the highest severity with a hit; 0 without hits.
    pub fn highest(&self) -> u8 {
        (1..=4).rev().find(|risk| self.get(*risk) > 0).unwrap_or(0)
    }
}

impl Serialize for HitsByRisk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        for (key, count) in ["1", "2", "3", "4"].iter().zip(&self.0) {
            map.serialize_entry(key, count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_of_every_severity_are_written() {
        let mut hits = HitsByRisk::default();
        hits.add(4);
        hits.add(0);
        assert_eq!(serde_json::to_string(&hits).unwrap(), r#"{"1":1,"2":0,"3":0,"4":1}"#);
        assert_eq!((hits.total(), hits.highest(), hits.get(4), hits.get(9)), (2, 4, 1, 0));
    }
}
