// swift-tools-version: 6.0
import PackageDescription

// The core: from the XCFramework on Apple's platforms, which `cargo xtask xcframework` puts here, and from the
// library in `Linux` there, which `cargo xtask swift-linux` does. Both put here what is generated.
#if os(Linux)
let library = "\(Context.packageDirectory)/Linux"
let core = Target.target(
    name: "NaruFFI",
    linkerSettings: [
        // A package that is a folder may have these.
        .unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library]),
        .linkedLibrary("naru_uniffi"),
    ])
#else
let core = Target.binaryTarget(name: "NaruFFI", path: "NaruFFI.xcframework")
#endif

let package = Package(
    name: "Naru",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Naru", targets: ["Naru"])],
    targets: [
        core,
        // The generated code does not compile in the mode of Swift 6.
        .target(
            name: "NaruGenerated", dependencies: ["NaruFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Naru", dependencies: ["NaruGenerated"]),
        .testTarget(name: "NaruTests", dependencies: ["Naru"]),
        // The README's snippets, which `cargo xtask test Swift` takes out of it.
        .testTarget(name: "ReadmeTests", dependencies: ["Naru"]),
    ]
)
