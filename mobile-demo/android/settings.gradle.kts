pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        // What `cargo xtask aar` makes.
        maven { url = uri("../../target/maven") }
        google()
        mavenCentral()
    }
}

rootProject.name = "naru-demo"
