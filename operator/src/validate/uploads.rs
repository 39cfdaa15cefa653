//! `spec.ingress`

use bytesize::ByteSize;
use ccx_config as config;
use ccx_crds::CcxPipelineSpec;

use crate::{
    model::{
        references::References,
        validated::{self, Scaling},
    },
    validate::{OperatorDefaults, pods, pods::Own},
};

pub(super) fn uploads(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
) -> Option<validated::Uploads> {
    let uploads = spec.ingress.as_ref()?;
    let own = Own {
        field: "spec.ingress",
        image: uploads.image.as_ref(),
        resources: &uploads.resources,
        template: &spec.aggregator.pod_template,
        scaling: Scaling::Fixed(uploads.replicas),
        shutdown_timeout: config::Ingress::default().shutdown_timeout,
    };
    let config = config::Ingress {
        max_upload: ByteSize(uploads.max_upload_size.bytes()),
        max_concurrent_uploads: uploads.max_concurrent_uploads as usize,
        link_validity: uploads.link_validity.get(),
        ..config::Ingress::default()
    };
    Some(validated::Uploads { pods: pods::shared(spec, own, references, defaults), config })
}
