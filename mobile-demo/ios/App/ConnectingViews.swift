import NaruDemoModel
import SwiftUI

struct ScanningView: View {
    let model: AppModel
    let hint: String?

    var body: some View {
        VStack(spacing: 16) {
            Text(model.texts.scan).font(.headline)
            CameraView(model: model).clipShape(RoundedRectangle(cornerRadius: 12))
            if let hint { ProblemText(hint) }
            LargeButton(model.texts.typeNumber) { model.typeNumber() }
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
    }
}

struct NumberView: View {
    let model: AppModel
    let problem: String?
    @State private var number = ""
    @FocusState private var focused: Bool

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.typeNumber).font(.title2)
            Text(model.texts.numberExplained)
            TextField(model.texts.typeNumber, text: $number)
                .keyboardType(.numberPad)
                .font(.title.monospacedDigit())
                .focused($focused)
            if let problem { ProblemText(problem) }
            LargeButton(model.texts.connect) { model.submit(number: number) }
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
        .onAppear { focused = true }
    }
}

struct WaitingView: View {
    let model: AppModel
    let message: String

    var body: some View {
        VStack(spacing: 24) {
            ProgressView(message)
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
    }
}
