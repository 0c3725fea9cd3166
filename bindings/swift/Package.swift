// swift-tools-version: 6.0
import PackageDescription

// The core: from the XCFramework on Apple's platforms, and elsewhere from the library that cargo has
// built. `cargo xtask xcframework` and `cargo xtask test Swift` put both, and what is generated, here.
#if os(Linux)
let core = Target.target(name: "NaruFFI", linkerSettings: [.linkedLibrary("naru_uniffi")])
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
