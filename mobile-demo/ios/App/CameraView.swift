@preconcurrency import AVFoundation
import NaruDemoModel
import SwiftUI

/// The camera's picture; each frame goes to the model, which reads one at a time.
struct CameraView: UIViewRepresentable {
    let model: AppModel

    func makeCoordinator() -> Camera { Camera(model: model) }

    func makeUIView(context: Context) -> PreviewView {
        let view = PreviewView()
        view.previewLayer.session = context.coordinator.session
        view.previewLayer.videoGravity = .resizeAspectFill
        context.coordinator.start()
        return view
    }

    func updateUIView(_ view: PreviewView, context: Context) {}

    static func dismantleUIView(_ view: PreviewView, coordinator: Camera) {
        coordinator.stop()
    }
}

final class PreviewView: UIView {
    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

    var previewLayer: AVCaptureVideoPreviewLayer { layer as! AVCaptureVideoPreviewLayer }
}

final class Camera: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    let session = AVCaptureSession()
    private let model: AppModel
    private let queue = DispatchQueue(label: "camera")

    init(model: AppModel) {
        self.model = model
    }

    func start() {
        Task {
            let allowed = await AVCaptureDevice.requestAccess(for: .video)
            queue.async { [self] in
                if allowed, configure() {
                    session.startRunning()
                } else {
                    Task { @MainActor in model.cameraFails() }
                }
            }
        }
    }

    func stop() {
        queue.async { [self] in session.stopRunning() }
    }

    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer,
        from connection: AVCaptureConnection
    ) {
        guard let buffer = CMSampleBufferGetImageBuffer(sampleBuffer) else { return }
        let frame = Frame(buffer: buffer)
        Task {
            await model.see(
                width: frame.width, height: frame.height, bytesPerRow: frame.bytesPerRow,
                luma: { frame.luma })
        }
    }

    private func configure() -> Bool {
        guard session.inputs.isEmpty else { return true }
        guard let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: .back),
            let input = try? AVCaptureDeviceInput(device: device), session.canAddInput(input)
        else { return false }
        session.sessionPreset = .hd1280x720
        session.addInput(input)
        let output = AVCaptureVideoDataOutput()
        output.videoSettings = [
            kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
        ]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(self, queue: queue)
        guard session.canAddOutput(output) else { return false }
        session.addOutput(output)
        return true
    }
}

/// The luma plane of a frame.
private struct Frame: @unchecked Sendable {
    let buffer: CVImageBuffer

    var width: Int { CVPixelBufferGetWidthOfPlane(buffer, 0) }
    var height: Int { CVPixelBufferGetHeightOfPlane(buffer, 0) }
    var bytesPerRow: Int { CVPixelBufferGetBytesPerRowOfPlane(buffer, 0) }

    var luma: Data {
        CVPixelBufferLockBaseAddress(buffer, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
        guard let base = CVPixelBufferGetBaseAddressOfPlane(buffer, 0) else { return Data() }
        return Data(bytes: base, count: bytesPerRow * height)
    }
}
