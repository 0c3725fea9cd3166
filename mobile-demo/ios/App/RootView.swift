import NaruDemoModel
import SwiftUI

/// One view for each screen of the model.
struct RootView: View {
    @ObservedObject var model: AppModel

    var body: some View {
        NavigationStack {
            content
                .padding()
                .toolbar {
                    ToolbarItem(placement: .primaryAction) { languages }
                }
        }
        .overlay(alignment: .top) {
            if model.isReconnecting {
                Text(model.texts.reconnecting)
                    .padding(8)
                    .background(.thinMaterial, in: Capsule())
            }
        }
        .environment(\.locale, Locale(identifier: model.language == .korean ? "ko" : "en"))
        .task { await model.refresh() }
    }

    @ViewBuilder private var content: some View {
        switch model.screen {
        case .home: HomeView(model: model)
        case .scanning(_, let hint): ScanningView(model: model, hint: hint)
        case .typingNumber(_, let problem): NumberView(model: model, problem: problem)
        case .connecting: WaitingView(model: model, message: model.texts.connecting)
        case .securityCode(let digits, let peer):
            SecurityCodeView(model: model, digits: digits, peer: peer)
        case .arrived(let arrived, let problem):
            ArrivedView(model: model, arrived: arrived, problem: problem)
        case .checking: ProgressView(model.texts.checking)
        case .stored(let stored): StoredView(model: model, stored: stored)
        case .recipient(let name, let problem):
            RecipientView(model: model, name: name, problem: problem)
        case .typingCode(let problem): TypingCodeView(model: model, problem: problem)
        case .sending: WaitingView(model: model, message: model.texts.sending)
        case .sent(let sent, let problem): SentView(model: model, sent: sent, problem: problem)
        case .done(let message): DoneView(model: model, message: message)
        case .failed(let problem): FailedView(model: model, problem: problem)
        }
    }

    private var languages: some View {
        Picker("", selection: $model.language) {
            Text("한국어").tag(Language.korean)
            Text("English").tag(Language.english)
        }
    }
}
