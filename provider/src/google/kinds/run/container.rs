//! The attributes of a container, said once.
//!
//! [`container_object`] makes a struct of them and of what its owner adds. Where the container is in the API's JSON is the
//! prefix of all paths: `template.containers[ports].` for the main one of a service, nothing for an element of the list.

use std::collections::BTreeMap;

use tfplugin::Value;

use super::env::SecretEnv;
#[cfg(doc)]
use super::paths::Paths;
use super::volumes::Volume;
use crate::types::Quantity;

/// A struct with the attributes of a container `at` a prefix, whose [`Paths`] are `paths`. `cpu` and `memory` say who sets them, and
/// what silence means; `volumes` how those are read and written. The owner's attributes follow.
macro_rules! container_object {
    (
        at $at:tt, paths $paths:path,
        cpu [$($cpu:tt)*] $silent_cpu:tt, memory [$($memory:tt)*] $silent_memory:tt,
        volumes [$($volumes:tt)*],
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $($own:tt)* }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($own)*
            /// The container image, with a tag or a digest: `europe-west1-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE:TAG`. A registry
            /// of this stack is named as `{{registries.KEY.url}}/IMAGE:TAG`.
            #[tf(required, ext($crate::engine::marks::wire(concat!($at, "image")), $crate::engine::marks::FreeText))]
            pub(in $crate::google::kinds) image: tfplugin::Value<String>,
            /// The program to run. The image's ENTRYPOINT when absent.
            #[tf(optional, ext($crate::engine::marks::wire(concat!($at, "command"))))]
            pub(in $crate::google::kinds) command: tfplugin::Value<Vec<String>>,
            /// The program's arguments. The image's CMD when absent.
            #[tf(optional, ext($crate::engine::marks::wire(concat!($at, "args"))))]
            pub(in $crate::google::kinds) args: tfplugin::Value<Vec<String>>,
            /// CPUs per instance: `1`, `2`, `4`, `6` or `8`, or from `0.08` to below 1 in steps of 0.001; also in thousandths,
            /// `2000m`. With a GPU of another type than `nvidia-l4` any whole number from 8. 4 CPUs need at least 2Gi of memory, 6 and 8
            /// need 4Gi.
            #[doc = $silent_cpu]
            #[tf($($cpu)*, ext($crate::engine::marks::wire(concat!($at, "resources.limits.cpu"))))]
            pub(in $crate::google::kinds) cpu: tfplugin::Value<$crate::types::Quantity>,
            /// Memory per instance, from `128Mi` to `32Gi`. More than 512Mi needs half a CPU, more than 1Gi one, 4Gi two, 8Gi
            /// four, 16Gi six, 24Gi eight; the second generation needs 512Mi. With a GPU of another type than `nvidia-l4` there may
            /// be more than 32Gi. What is written to the file system counts.
            #[doc = $silent_memory]
            #[tf($($memory)*, ext($crate::engine::marks::wire(concat!($at, "resources.limits.memory"))))]
            pub(in $crate::google::kinds) memory: tfplugin::Value<$crate::types::Quantity>,
            /// Environment variables. `{{kind.KEY.attribute}}` in a value stands for an attribute of a component of this stack.
            #[tf(optional, ext(
                $crate::engine::marks::wire_with(&$crate::google::kinds::run::env::Plain($paths)),
                $crate::engine::marks::FreeText
            ))]
            pub(in $crate::google::kinds) env: tfplugin::Value<std::collections::BTreeMap<String, String>>,
            /// Environment variables whose values come from Secret Manager when an instance starts. The service account needs
            /// `roles/secretmanager.secretAccessor` on each secret.
            #[tf(optional, ext($crate::engine::marks::wire_with(&$crate::google::kinds::run::env::Secret($paths))))]
            pub(in $crate::google::kinds) secret_env:
                tfplugin::Value<std::collections::BTreeMap<String, $crate::google::kinds::run::env::SecretEnv>>,
            /// Volumes of the container, by name: each is a bucket, a secret, Cloud SQL sockets, an empty directory or an NFS
            /// share. A volume that another container has under the same name is the same volume: both say the same of it.
            #[tf(optional, $($volumes)*)]
            pub(in $crate::google::kinds) volumes:
                tfplugin::Value<std::collections::BTreeMap<String, $crate::google::kinds::run::volumes::Volume>>,
            /// The containers, by name, that must have started before this one does. Each needs a `startup_probe`.
            #[tf(optional, ext($crate::engine::marks::wire(concat!($at, "dependsOn")), $crate::engine::marks::Later))]
            pub(in $crate::google::kinds) depends_on: tfplugin::Value<std::collections::BTreeSet<String>>,
        }

        impl $name {
            /// What all containers have.
            pub(in $crate::google::kinds) fn container(&self) -> $crate::google::kinds::run::container::Container<'_> {
                $crate::google::kinds::run::container::Container {
                    image: &self.image,
                    cpu: &self.cpu,
                    memory: &self.memory,
                    env: &self.env,
                    secret_env: &self.secret_env,
                    volumes: &self.volumes,
                }
            }
        }
    };
}
pub(in crate::google::kinds) use container_object;

/// What all containers have, for the rules that hold for each.
#[derive(Clone, Copy)]
pub(in crate::google::kinds) struct Container<'s> {
    pub(in crate::google::kinds) image: &'s Value<String>,
    pub(in crate::google::kinds) cpu: &'s Value<Quantity>,
    pub(in crate::google::kinds) memory: &'s Value<Quantity>,
    pub(in crate::google::kinds) env: &'s Value<BTreeMap<String, String>>,
    pub(in crate::google::kinds) secret_env: &'s Value<BTreeMap<String, SecretEnv>>,
    pub(in crate::google::kinds) volumes: &'s Value<BTreeMap<String, Volume>>,
}
