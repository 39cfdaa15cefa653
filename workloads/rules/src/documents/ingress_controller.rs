//! Ingress controllers.

use serde::Deserialize;

use super::{
    Int, Object, TlsSecurityProfile,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The ingress controllers.
pub const INGRESS_CONTROLLERS: Input = Input::documents(
    "ingress_controllers",
    &[Location::new("config/clusteroperator/operator.openshift.io/ingresscontroller/*/*.json").since(4, 6)],
    |context| !context.ingress_controllers().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`INGRESS_CONTROLLERS`].
    pub fn ingress_controllers(&self) -> &[IngressController<'a>] {
        let parse = || {
            parse_objects_with_paths(self.files(&INGRESS_CONTROLLERS))
                .map(IngressController::from_file)
                .collect()
        };
        self.documents.ingress_controllers.get_or_init(parse)
    }
}

/// An `IngressController`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressController<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
    /// Its name, from the path of its file.
    #[serde(skip)]
    pub name: &'a str,
}

impl<'a> IngressController<'a> {
    fn from_file((path, controller): (&'a str, Self)) -> Self {
        Self { name: file_stem(path), ..controller }
    }
}

/// The desired state of an ingress controller.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The number of pods.
    pub replicas: Int,
    /// The versions and ciphers of TLS that it accepts.
    #[serde(borrow)]
    pub tls_security_profile: Object<TlsSecurityProfile<'a>>,
}
