package android.hardware.camera2

/** Robolectric's camera asks for this on every Android, and only late ones have it. */
@Suppress("ClassName")
abstract class `CameraDevice$CameraDeviceSetup`
