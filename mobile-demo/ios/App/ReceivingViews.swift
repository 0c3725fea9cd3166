import NaruDemoModel
import SwiftUI

struct SecurityCodeView: View {
    let model: AppModel
    let digits: String
    let peer: String?

    var body: some View {
        VStack(spacing: 24) {
            Text(model.texts.receiveQuestion).font(.title2)
            if let peer { Text(peer) }
            Text(digits)
                .font(.system(size: 64, weight: .bold, design: .monospaced))
                .minimumScaleFactor(0.5)
                .lineLimit(1)
                .accessibilityLabel(digits.map(String.init).joined(separator: " "))
            Text(model.texts.codeExplained)
            Button(model.texts.cancel, role: .cancel) { Task { await model.close() } }
        }
    }
}

struct ArrivedView: View {
    let model: AppModel
    let arrived: Arrived
    let problem: String?
    @State private var password = ""

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.arrivedTitle).font(.title2)
            ForEach(arrived.rows) { CertificateView(row: $0, moved: "") }
            Text(model.texts.mark(arrived.mark)).monospacedDigit()
            if let sender = arrived.sender { Text(sender).foregroundStyle(.secondary) }
            if let warning = arrived.warning { ProblemText(warning) }
            SecureField(model.texts.password, text: $password)
            Text(model.texts.passwordExplained).font(.footnote)
            if let problem { ProblemText(problem) }
            LargeButton(model.texts.checkAndStore) {
                let typed = password
                password = ""
                Task { await model.accept(password: typed) }
            }
            Button(model.texts.storeWithoutCheck) { Task { await model.accept(password: nil) } }
            Button(model.texts.refuse, role: .destructive) { model.refuse() }
        }
    }
}

struct StoredView: View {
    let model: AppModel
    let stored: Stored

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text(model.texts.stored).font(.title2)
            Text(stored.name).font(.headline)
            Text(stored.validity)
            ForEach(stored.findings, id: \.self) { Text($0).font(.footnote) }
            if let original = stored.original { Text(original) }
            LargeButton(model.texts.close) { Task { await model.close() } }
        }
    }
}
