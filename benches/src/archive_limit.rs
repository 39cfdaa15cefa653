//! The least that can be done to an archive: libdeflate, one walk over the tar headers, and a typed parse of
//! the files that the built-in rules read. Nothing is checked, nothing is limited, and nothing comes out but
//! a number that depends on all of it.

use libdeflater::Decompressor;
use memchr::memmem::Finder;

use self::documents::{Alert, Event, Events, Node, Object, Pod};

mod documents;

const BLOCK_BYTES: usize = 512;

/// Directories whose documents the rules read besides those that have a type of their own here: most have a
/// name and conditions.
const DIRECTORIES: [&[u8]; 14] = [
    b"config/certificatesigningrequests/",
    b"config/clusteroperator/",
    b"config/containerruntimeconfigs/",
    b"config/kubeletconfigs/",
    b"config/machineconfigpools/",
    b"config/machinehealthchecks/",
    b"config/machines/",
    b"config/machinesets/",
    b"config/mutatingwebhookconfigurations/",
    b"config/pdbs/",
    b"config/storage/",
    b"config/validatingwebhookconfigurations/",
    b"customresources/",
    b"machinesets/",
];

/// Single documents that the rules read.
const DOCUMENTS: [&[u8]; 14] = [
    b"config/apiserver.json",
    b"config/authentication.json",
    b"config/featuregate.json",
    b"config/image.json",
    b"config/infrastructure.json",
    b"config/network.json",
    b"config/oauth.json",
    b"config/olm_operators.json",
    b"config/proxy.json",
    b"config/schedulers/cluster.json",
    b"config/silenced_alerts.json",
    b"config/tsdb.json",
    b"config/version.json",
    b"insights-operator/gathers.json",
];

/// Reads an archive as fast as we know how.
pub(crate) struct ArchiveLimit {
    decompressor: Decompressor,
    platform_needles: [Finder<'static>; 4],
    controller_needle: Finder<'static>,
}

impl ArchiveLimit {
    /// Creates the decompressor and the patterns, which every archive uses.
    pub(crate) fn new() -> Self {
        let platform_needles =
            ["Observed a panic", "runtime error", "concurrent map", "can't initialize iptables table"]
                .map(Finder::new);
        let controller_needle = Finder::new("syncing garbage collector");
        Self { decompressor: Decompressor::new(), platform_needles, controller_needle }
    }

    /// Reads one archive. The result only keeps the compiler from leaving work out.
    pub(crate) fn run(&mut self, compressed: &[u8]) -> usize {
        let tar = self.gunzip(compressed);
        let mut found = 0;
        let mut at = 0;
        while let Some(header) = tar.get(at..at + BLOCK_BYTES).filter(|header| header[0] != 0) {
            let name_len = memchr::memchr(0, &header[..100]).unwrap_or(100);
            let size = octal(&header[124..135]);
            let start = at + BLOCK_BYTES;
            found += self.visit(&header[..name_len], &tar[start..start + size]);
            at = start + size.next_multiple_of(BLOCK_BYTES);
        }
        found
    }

    fn gunzip(&mut self, compressed: &[u8]) -> Vec<u8> {
        let size = compressed.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
        let mut tar = vec![0; size];
        let written = self.decompressor.gzip_decompress(compressed, &mut tar).unwrap_or(0);
        tar.truncate(written);
        tar
    }

    fn visit(&self, path: &[u8], content: &[u8]) -> usize {
        match path {
            b"config/alerts.json" => serde_json::from_slice::<Vec<Alert<'_>>>(content)
                .map_or(0, |alerts| alerts.iter().map(Alert::weight).sum()),
            b"events/openshift-machine-api.json" => serde_json::from_slice::<Events<'_>>(content)
                .map_or(0, |events| events.items.iter().map(Event::weight).sum()),
            b"config/metrics" => metrics(content),
            _ if path.starts_with(b"config/node/") && is_direct_json(path, 12) => node(content),
            _ if path.starts_with(b"config/pod/openshift-") && path.ends_with(b".json") => pods(content),
            _ if path.starts_with(b"namespaces/") && path.ends_with(b".log") => self.log_lines(path, content),
            _ if DOCUMENTS.contains(&path) => conditions(content),
            _ if DIRECTORIES.iter().any(|directory| path.starts_with(directory)) => conditions(content),
            _ => 0,
        }
    }

    fn log_lines(&self, path: &[u8], content: &[u8]) -> usize {
        let of_controller = path.starts_with(b"namespaces/openshift-kube-controller-manager/");
        let controller = if of_controller { self.controller_needle.find_iter(content).count() } else { 0 };
        controller
            + self.platform_needles.iter().map(|needle| needle.find_iter(content).count()).sum::<usize>()
    }
}

fn is_direct_json(path: &[u8], prefix_len: usize) -> bool {
    path.ends_with(b".json") && memchr::memchr(b'/', &path[prefix_len..]).is_none()
}

fn octal(digits: &[u8]) -> usize {
    digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .fold(0, |value, digit| value * 8 + usize::from(digit - b'0'))
}

fn conditions(json: &[u8]) -> usize {
    serde_json::from_slice::<Object<'_>>(json)
        .map_or(0, |object| object.status.conditions.len() + object.metadata.name.len())
}

fn node(json: &[u8]) -> usize {
    serde_json::from_slice::<Node<'_>>(json)
        .map_or(0, |node| node.status.conditions.len() + node.spec.taints.len())
}

fn pods(json: &[u8]) -> usize {
    let restarts =
        |pod: Pod<'_>| pod.status.container_statuses.iter().map(|container| container.restart_count).sum();
    serde_json::from_slice::<Pod<'_>>(json).map_or(0, restarts)
}

fn metrics(text: &[u8]) -> usize {
    let wanted = |line: &&[u8]| {
        line.starts_with(b"etcd_server_slow")
            || line.starts_with(b"vsphere_node_hw_version")
            || line.starts_with(b"haproxy_exporter_server_threshold")
    };
    text.split(|&byte| byte == b'\n').filter(wanted).count()
}

#[cfg(test)]
mod tests {
    use ccx_messages::ClusterId;
    use ccx_sample_archive::SampleArchive;

    use super::*;

    #[test]
    fn limit_reads_every_file() {
        let sample = SampleArchive::small(ClusterId::random());
        let found = ArchiveLimit::new().run(&sample.to_tar_gz());
        assert!(
            found > sample.pods + 31,
            "31 operators have conditions, and there are nodes and pods: {found}"
        );
    }
}
