//! The memory limit of the container, checked against the configuration at the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytesize::ByteSize;
use ccx_config::{Config, MEMORY_MARGIN};
use snafu::{Snafu, ensure};

/// The configuration permits more memory than the container has.
#[derive(Debug, Snafu)]
#[snafu(display(
    "pipeline.max_bytes_in_flight, archive.max_unpacked and {MEMORY_MARGIN} are {needed} together, more than the memory limit \
     of {limit}"
))]
pub struct MemoryLimitError {
    needed: ByteSize,
    limit: ByteSize,
}

/// Checks that the archives in flight, the one that may exceed them, and [`MEMORY_MARGIN`] fit into the memory limit of this
/// process's cgroup. Otherwise a large archive ends the process, again after each restart.
pub(crate) fn check(config: &Config) -> Result<(), MemoryLimitError> {
    match memory_limit(Path::new("/")) {
        Some(limit) => check_against(config, limit),
        None => Ok(()),
    }
}

fn check_against(config: &Config, limit: ByteSize) -> Result<(), MemoryLimitError> {
    let parts = [config.pipeline.max_bytes_in_flight, config.archive.max_unpacked, MEMORY_MARGIN];
    let needed = ByteSize::b(parts.iter().fold(0, |sum, part| sum.saturating_add(part.as_u64())));
    ensure!(needed <= limit, MemoryLimitSnafu { needed, limit });
    Ok(())
}

/// The memory limit of the process's cgroup or of one above it; `None` without one. `root` is the root of the file
/// system.
fn memory_limit(root: &Path) -> Option<ByteSize> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let limits = groups.lines().filter_map(|line| {
        // `0::/path` is version 2, `7:memory:/path` version 1 ("Control Group v2", "Process Migration", Linux).
        let (_, controllers_and_path) = line.split_once(':')?;
        let (controllers, path) = controllers_and_path.split_once(':')?;
        match controllers {
            "" => lowest(&root.join("sys/fs/cgroup"), path, "memory.max"),
            "memory" => lowest(&root.join("sys/fs/cgroup/memory"), path, "memory.limit_in_bytes"),
            _ => None,
        }
    });
    limits.min().map(ByteSize::b)
}

/// The lowest limit of a group and those above it. A container that sees only its own group finds it at the top.
fn lowest(mount: &Path, path: &str, file: &str) -> Option<u64> {
    let group = PathBuf::from(path.trim_start_matches('/'));
    group.ancestors().filter_map(|group| read_limit(&mount.join(group).join(file))).min()
}

/// `max`, and the page-rounded maximum of version 1, are no limit.
fn read_limit(path: &Path) -> Option<u64> {
    const UNLIMITED: u64 = 1 << 60;
    let limit: u64 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    (limit < UNLIMITED).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_of(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        memory_limit(root.path()).map(|limit| limit.as_u64())
    }

    #[test]
    fn limit_of_version_2_is_the_lowest_of_all_groups() {
        let files = [
            ("proc/self/cgroup", "0::/kubepods/pod1/container\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/kubepods/pod1/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/kubepods/pod1/container/memory.max", "2147483648\n"),
        ];
        assert_eq!(limit_of(&files), Some(1 << 30));
        let own_namespace = [("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "1073741824\n")];
        assert_eq!(limit_of(&own_namespace), Some(1 << 30));
    }

    #[test]
    fn limit_of_version_1_is_found_in_the_memory_hierarchy() {
        let limit = "sys/fs/cgroup/memory/memory.limit_in_bytes";
        let groups = ("proc/self/cgroup", "8:cpu,cpuacct:/docker/1\n7:memory:/docker/1\n");
        assert_eq!(limit_of(&[groups, (limit, "536870912\n")]), Some(512 << 20));
        assert_eq!(limit_of(&[groups, (limit, "9223372036854771712\n")]), None);
    }

    #[test]
    fn process_without_cgroup_has_no_limit() {
        assert_eq!(limit_of(&[]), None);
    }

    #[test]
    fn configuration_beyond_the_limit_is_refused() {
        let config = Config::default();
        assert!(check_against(&config, ByteSize::mib(896)).is_ok());
        let error = check_against(&config, ByteSize::mib(895)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "pipeline.max_bytes_in_flight, archive.max_unpacked and 128.0 MiB are 896.0 MiB together, more than the memory \
             limit of 895.0 MiB"
        );
    }
}
