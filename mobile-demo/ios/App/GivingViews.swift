import NaruDemoModel
import SwiftUI

struct RecipientView: View {
    let model: AppModel
    let name: String
    let problem: String?

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.sendQuestion(name)).font(.title2)
            Label(model.texts.sendWarning, systemImage: "exclamationmark.shield")
                .foregroundStyle(.red)
            if let problem { ProblemText(problem) }
            LargeButton(model.texts.confirm) { Task { await model.confirmRecipient() } }
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
    }
}

struct TypingCodeView: View {
    let model: AppModel
    let problem: String?
    @State private var code = ""
    @FocusState private var focused: Bool

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.typeCode).font(.title2)
            TextField(model.texts.typeCode, text: $code)
                .keyboardType(.numberPad)
                .font(.largeTitle.monospacedDigit())
                .focused($focused)
            if let problem { ProblemText(problem) }
            LargeButton(model.texts.confirm) {
                model.submit(code: code)
                code = ""
            }
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
        .onAppear { focused = true }
    }
}

struct SentView: View {
    let model: AppModel
    let sent: Sent
    let problem: String?

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.sent).font(.title2)
            Text(sent.location)
            Text(sent.finding)
            Text(model.texts.originalQuestion)
            if let problem { ProblemText(problem) }
            LargeButton(model.texts.keep) { model.keepOriginal() }
            Button(model.texts.deleteOriginal, role: .destructive) {
                Task { await model.deleteOriginal() }
            }
        }
    }
}

struct DoneView: View {
    let model: AppModel
    let message: String

    var body: some View {
        VStack(spacing: 16) {
            Text(message).font(.title3)
            LargeButton(model.texts.close) { Task { await model.close() } }
        }
    }
}

struct FailedView: View {
    let model: AppModel
    let problem: Problem

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            ProblemText(problem.message)
            Text(model.texts.helpDesk(problem.code)).font(.footnote).foregroundStyle(.secondary)
            if problem.canRetry { LargeButton(model.texts.retry) { model.retry() } }
            Button(model.texts.close) { Task { await model.close() } }
        }
    }
}
