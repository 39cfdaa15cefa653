//! Sizes.

use std::collections::BTreeMap;

use bytesize::ByteSize;
use serde::{Serialize, Serializer};

/// From large to small.
const UNITS: [(&str, u64); 4] =
    [("GiB", bytesize::GIB), ("MiB", bytesize::MIB), ("KiB", bytesize::KIB), ("B", 1)];

/// Serializes a size in the largest unit that leaves no fraction; `Display` would round it to another size.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn exact<S: Serializer>(size: &ByteSize, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = size.as_u64();
    let fits = |(_, unit): &(&str, u64)| bytes >= *unit && bytes.is_multiple_of(*unit);
    let (name, unit) = UNITS.into_iter().find(fits).unwrap_or(("B", 1));
    serializer.collect_str(&format_args!("{}{name}", bytes / unit))
}

/// Serializes the sizes of a map as [`exact`] does.
pub(crate) fn exact_values<S: Serializer>(
    sizes: &BTreeMap<String, ByteSize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Exact(#[serde(serialize_with = "exact")] ByteSize);
    serializer.collect_map(sizes.iter().map(|(name, size)| (name, Exact(*size))))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Holder {
        #[serde(serialize_with = "exact")]
        size: ByteSize,
    }

    #[test]
    fn size_is_serialized_without_fraction_and_deserialized_as_the_same_number() {
        let sizes =
            [(0, "0B"), (1, "1B"), (1536, "1536B"), (2048, "2KiB"), (100 << 20, "100MiB"), (3 << 30, "3GiB")];
        for (bytes, expected) in sizes {
            let text = toml::to_string(&Holder { size: ByteSize(bytes) }).unwrap();
            assert_eq!(text, format!("size = \"{expected}\"\n"));
            assert_eq!(toml::from_str::<Holder>(&text).unwrap().size.as_u64(), bytes);
        }
    }
}
