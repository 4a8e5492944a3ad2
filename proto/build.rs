//! Generates the gRPC code from `plugin/*.proto`, without a `protoc` on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const FILES: [&str; 5] = ["tfplugin6.proto", "controller.proto", "broker.proto", "stdio.proto", "health.proto"];
    println!("cargo::rerun-if-changed=plugin");
    let descriptors = protox::compile(FILES, ["plugin"])?;
    // What is large is not copied out of the message.
    let configuration =
        tonic_prost_build::configure().bytes(".tfplugin6.DynamicValue").bytes(".tfplugin6.RawState.json");
    configuration.build_client(true).build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
