//! Resources of a container that are no plain fields.

use serde_json::Value as Json;
use tfplugin::{Dynamic, Number};

use super::paths::Paths;
use crate::engine::marks::Codec;
use crate::engine::wire;

/// The key in `limits` has dots, so no path can say it.
const GPU: &str = "nvidia.com/gpu";

fn resources<'j>(body: &'j Json, paths: &Paths) -> Option<&'j Json> {
    wire::get(body, paths.resources)
}

/// Number of GPUs.
pub(in crate::google::kinds) struct Gpu(pub(in crate::google::kinds) Paths);

impl Codec for Gpu {
    fn read(&self, body: &Json) -> Dynamic {
        let text = resources(body, &self.0).and_then(|resources| resources.get("limits")?.get(GPU)?.as_str());
        text.and_then(|text| text.parse::<Number>().ok()).map_or(Dynamic::Null, Dynamic::Number)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let path = format!("{}.limits", self.0.resources);
        let mut limits = wire::get(body, &path).and_then(Json::as_object).cloned().unwrap_or_default();
        match value.as_number() {
            Some(count) => limits.insert(GPU.to_owned(), Json::String(count.to_string())),
            None => limits.remove(GPU),
        };
        wire::put(body, &path, Json::Object(limits));
    }
    fn masks(&self) -> &'static [&'static str] {
        // The unit of coverage is the whole map: what else the API takes there is cpu and memory.
        self.0.limits
    }
}

/// Whether CPU is allocated during requests only: absent beside other resources means false.
pub(in crate::google::kinds) struct CpuIdle(pub(in crate::google::kinds) Paths);

impl Codec for CpuIdle {
    fn read(&self, body: &Json) -> Dynamic {
        let idle = |resources: &Json| resources.get("cpuIdle").and_then(Json::as_bool).unwrap_or(false);
        resources(body, &self.0).map_or(Dynamic::Null, |resources| Dynamic::Bool(idle(resources)))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let path = format!("{}.cpuIdle", self.0.resources);
        wire::put(body, &path, value.as_bool().map_or(Json::Null, Json::Bool));
    }
    fn masks(&self) -> &'static [&'static str] {
        self.0.cpu_idle
    }
}
