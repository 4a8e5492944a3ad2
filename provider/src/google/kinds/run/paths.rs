//! Where the settings of a container are in the API's JSON, for what takes code to read and write.

/// The paths of what takes code to read and write.
#[derive(Clone, Copy, Debug)]
pub(in crate::google::kinds) struct Paths {
    pub(in crate::google::kinds) env: &'static [&'static str],
    pub(in crate::google::kinds) plain_env: &'static [&'static str],
    pub(in crate::google::kinds) secret_env: &'static [&'static str],
    pub(in crate::google::kinds) resources: &'static str,
    pub(in crate::google::kinds) limits: &'static [&'static str],
    pub(in crate::google::kinds) cpu_idle: &'static [&'static str],
    pub(in crate::google::kinds) startup_probe: ProbePaths,
    pub(in crate::google::kinds) liveness_probe: ProbePaths,
}

/// The paths of a probe.
#[derive(Clone, Copy, Debug)]
pub(in crate::google::kinds) struct ProbePaths {
    pub(in crate::google::kinds) at: &'static [&'static str],
    pub(in crate::google::kinds) settings: &'static [&'static str],
}

/// The [`Paths`] of a container behind a prefix.
macro_rules! container_paths {
    ($at:tt) => {
        $crate::google::kinds::run::paths::Paths {
            env: &[concat!($at, "env")],
            plain_env: &[concat!($at, "env.*.name"), concat!($at, "env.*.value")],
            secret_env: &[
                concat!($at, "env.*.valueSource.secretKeyRef.secret"),
                concat!($at, "env.*.valueSource.secretKeyRef.version"),
            ],
            resources: concat!($at, "resources"),
            limits: &[concat!($at, "resources.limits")],
            cpu_idle: &[concat!($at, "resources.cpuIdle")],
            startup_probe: $crate::google::kinds::run::paths::container_paths!(@probe $at "startupProbe"),
            liveness_probe: $crate::google::kinds::run::paths::container_paths!(@probe $at "livenessProbe"),
        }
    };
    (@probe $at:tt $probe:tt) => {
        $crate::google::kinds::run::paths::ProbePaths {
            at: &[concat!($at, $probe)],
            settings: &[
                concat!($at, $probe, ".initialDelaySeconds"),
                concat!($at, $probe, ".periodSeconds"),
                concat!($at, $probe, ".timeoutSeconds"),
                concat!($at, $probe, ".failureThreshold"),
                concat!($at, $probe, ".httpGet.path"),
                concat!($at, $probe, ".httpGet.port"),
                concat!($at, $probe, ".httpGet.httpHeaders.*.name"),
                concat!($at, $probe, ".httpGet.httpHeaders.*.value"),
                concat!($at, $probe, ".tcpSocket.port"),
                concat!($at, $probe, ".grpc.port"),
                concat!($at, $probe, ".grpc.service"),
            ],
        }
    };
}
pub(in crate::google::kinds) use container_paths;
