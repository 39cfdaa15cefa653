//! Maps that keep the order of their document.

use std::sync::Arc;

use super::{Value, depth_above, text_weight, total_weight};

/// Maximum size of a map that is searched linearly, which is faster than a binary search for few entries.
const FEW_ENTRIES: usize = 16;

/// A map with string keys. Reference-counted, so cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Map(Arc<Contents>);

#[derive(Debug)]
struct Contents {
    entries: Box<[(Arc<str>, Value)]>,
    /// Indices of the entries sorted by key; empty for up to [`FEW_ENTRIES`] entries.
    by_name: Box<[u32]>,
    weight: u64,
    depth: u16,
}

impl Map {
    /// Returns the value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let Contents { entries, by_name, .. } = &*self.0;
        if by_name.is_empty() {
            return entries.iter().find(|(key, _)| **key == *name).map(|(_, value)| value);
        }
        let found = by_name.binary_search_by(|&position| (*entries[position as usize].0).cmp(name)).ok()?;
        Some(&entries[by_name[found] as usize].1)
    }

    /// Returns the keys and values in the order of the document.
    pub(crate) fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.0.entries
    }

    /// Returns the keys in the order of the document.
    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.entries().iter().map(|(key, _)| key)
    }

    pub(super) fn weight(&self) -> u64 {
        self.0.weight
    }

    pub(super) fn depth(&self) -> u16 {
        self.0.depth
    }
}

impl FromIterator<(Arc<str>, Value)> for Map {
    /// Creates a map. The last of several entries with the same key wins, as in JSON.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let entries = without_duplicates(entries.into_iter().collect());
        let by_name = if entries.len() > FEW_ENTRIES { order_by_name(&entries) } else { Box::default() };
        let keys: u64 = entries.iter().map(|(key, _)| text_weight(key)).fold(0, u64::saturating_add);
        let weight = total_weight(entries.iter().map(|(_, value)| value)).saturating_add(keys);
        let depth = depth_above(entries.iter().map(|(_, value)| value));
        Self(Arc::new(Contents { entries, by_name, weight, depth }))
    }
}

fn order_by_name(entries: &[(Arc<str>, Value)]) -> Box<[u32]> {
    let mut positions: Box<[u32]> = (0..).take(entries.len()).collect();
    positions.sort_by(|&a, &b| entries[a as usize].0.cmp(&entries[b as usize].0));
    positions
}

fn without_duplicates(mut entries: Vec<(Arc<str>, Value)>) -> Box<[(Arc<str>, Value)]> {
    let has_duplicate = if entries.len() <= FEW_ENTRIES {
        entries
            .iter()
            .enumerate()
            .any(|(index, (key, _))| entries[..index].iter().any(|(other, _)| other == key))
    } else {
        let order = order_by_name(&entries);
        order.windows(2).any(|pair| entries[pair[0] as usize].0 == entries[pair[1] as usize].0)
    };
    if has_duplicate {
        let mut seen = std::collections::HashSet::new();
        let is_last: Vec<bool> = entries.iter().rev().map(|(key, _)| seen.insert(Arc::clone(key))).collect();
        let mut is_last = is_last.into_iter().rev();
        entries.retain(|_| is_last.next().unwrap_or(true));
    }
    entries.into()
}
