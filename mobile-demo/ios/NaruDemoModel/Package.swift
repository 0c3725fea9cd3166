// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "NaruDemoModel",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "NaruDemoModel", targets: ["NaruDemoModel"])],
    dependencies: [.package(name: "Naru", path: "../../../bindings/swift")],
    targets: [
        .target(
            name: "NaruDemoModel", dependencies: [.product(name: "Naru", package: "Naru")]),
        .testTarget(name: "NaruDemoModelTests", dependencies: ["NaruDemoModel"]),
    ]
)
