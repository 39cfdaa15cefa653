//! `docs/secrets.md`: the keys of every Secret that a resource may refer to, from the definition.

use std::fmt::Write as _;

use ccx_crds::CcxPipeline;
use ccx_test_support::assert_generated;
use kube::CustomResourceExt;
use serde_json::{Value, json};

const HEAD: &str = "\
# Secrets and their keys

<!-- Generated from the definition by `make generate`. -->

A `CcxPipeline` names Secrets of its own namespace. This page lists the keys that each needs. A key of another name is set in the field
beside it: with `passwordKey: sasl-password`, the password is read from the key `sasl-password`. A Secret or a key that does not exist is
reported as `SecretMissing`, with its name; [conditions](conditions.md) says what happens until then.

```sh
kubectl create secret generic kafka-user --from-literal=username=ccx --from-file=password=./password
kubectl create secret generic kafka-ca --from-file=ca.crt=./ca.crt
kubectl create secret generic bucket-key --from-literal=AWS_ACCESS_KEY_ID=ccx --from-file=AWS_SECRET_ACCESS_KEY=./key
kubectl create secret generic cluster-tokens --from-file=1=./token-of-organisation-1
kubectl create secret docker-registry registry-login --docker-server=registry.example.com \\
  --docker-username=ccx --docker-password=\"$(cat ./password)\"
```

A line break at the end of a value is ignored, except by KEDA: `printf %s \"$password\" > password` writes none.

| field | holds | keys |
|---|---|---|
";

const TAIL: &str = "
In a Secret for `imagePullSecrets`, Kubernetes wants the key `.dockerconfigjson` and the type `kubernetes.io/dockerconfigjson`; in one for
`tlsSecretName`, `tls.crt` and `tls.key` and the type `kubernetes.io/tls`. Variables in `podTemplate.extraEnv` may refer to any key of any
Secret in the namespace.

## The Secrets that the operator creates

A managed database (`spec.database.managed`) gets the Secret `NAME-data-pipeline-db`, NAME being the resource's name, with a generated
value in the key `password`. Change that value to rotate the password. It is retained when the resource is deleted, unless
`spec.deletionPolicy` is `Delete`; [Uninstall](operator.md#uninstall) says how to remove it.

The Advisor page (`spec.publicApi`) gets the Secret `NAME-page` with a generated value in the key `secret`, unless `pageSecretRef` names
another Secret. To replace it without ending the sessions, write a new value in the first line and the old one in the second, and remove the
old one after `login.maxSession`; the pods restart. When the Secret is deleted, another one is generated, and people have to log in again.
";

#[test]
fn page_of_secrets_is_up_to_date() {
    assert_generated("docs/secrets.md", &page());
}

fn page() -> String {
    let definition = json!(CcxPipeline::crd());
    let spec = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut page = HEAD.to_owned();
    add_rows(&mut page, "spec", spec);
    page.push_str(TAIL);
    page
}

/// Adds a row for each field below `schema` that names a Secret. Those that Kubernetes itself defines are not ours.
fn add_rows(page: &mut String, path: &str, schema: &Value) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if name == "extraEnv" {
            continue;
        }
        if is_secret_name(name) {
            let _ = writeln!(page, "| `{path}` | {} | {} |", first_paragraph(field), keys(name, field));
        } else {
            add_rows(page, &path, field);
        }
    }
}

/// Returns whether a field of this name refers to one or several Secrets.
fn is_secret_name(field: &str) -> bool {
    ["secretRef", "SecretRef", "SecretName", "imagePullSecrets"].iter().any(|suffix| field.ends_with(suffix))
}

/// Returns the keys of the Secret with their fields, from the defaults of the fields.
fn keys(name: &str, field: &Value) -> String {
    let properties = field["properties"].as_object().into_iter().flatten();
    let keys: Vec<String> = properties
        .filter_map(|(field, key)| {
            let default = key["default"].as_str()?;
            let content =
                first_paragraph(key).trim_start_matches("The key of ").trim_end_matches('.').to_owned();
            let content = if content == "The key in the Secret" { "PEM file".to_owned() } else { content };
            Some(format!("`{default}`: {content} (`{field}`)"))
        })
        .collect();
    match name {
        "clusterTokensSecretRef" => "the id of each organisation: its token".to_owned(),
        "imagePullSecrets" => "`.dockerconfigjson`".to_owned(),
        "tlsSecretName" => "`tls.crt`, `tls.key`".to_owned(),
        _ => {
            assert!(!keys.is_empty(), "{name} refers to a Secret with unknown keys: {field}");
            keys.join("<br>")
        }
    }
}

fn first_paragraph(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    description.split("\n\n").next().unwrap_or_default().replace('\n', " ")
}
