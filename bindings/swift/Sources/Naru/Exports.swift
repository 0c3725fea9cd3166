// What crosses from the core unchanged.
import NaruGenerated

public typealias Transport = NaruGenerated.Transport
public typealias TransportError = NaruGenerated.TransportError
public typealias HttpRequest = NaruGenerated.HttpRequest
public typealias HttpResponse = NaruGenerated.HttpResponse
public typealias HttpHeader = NaruGenerated.HttpHeader

public typealias CertificateStore = NaruGenerated.CertificateStore
public typealias StoreError = NaruGenerated.StoreError
public typealias StoredCertificate = NaruGenerated.StoredCertificate
public typealias CertificateFile = NaruGenerated.CertificateFile

public typealias UserVerification = NaruGenerated.UserVerification
public typealias VerificationPurpose = NaruGenerated.VerificationPurpose
public typealias VerificationError = NaruGenerated.VerificationError

public typealias RuleRefusal = NaruGenerated.RuleRefusal
public typealias SupportDesk = NaruGenerated.SupportDesk
public typealias LocalisedText = NaruGenerated.LocalisedText

public typealias LogSink = NaruGenerated.LogSink
public typealias LogEntry = NaruGenerated.LogEntry
public typealias LogLevel = NaruGenerated.LogLevel

public typealias Identity = NaruGenerated.Identity
public typealias IdentityKey = NaruGenerated.IdentityKey

public typealias Peer = NaruGenerated.Peer
public typealias PasswordPolicy = NaruGenerated.PasswordPolicy
public typealias FrameContent = NaruGenerated.FrameContent
public typealias PairingCodeInfo = NaruGenerated.PairingCodeInfo
public typealias PairingCodeDirection = NaruGenerated.PairingCodeDirection
public typealias OriginalFate = NaruGenerated.OriginalFate
public typealias DepositStatus = NaruGenerated.DepositStatus

public typealias CertificateSummary = NaruGenerated.CertificateSummary
public typealias CertificateReport = NaruGenerated.CertificateReport
public typealias CertificateFormat = NaruGenerated.CertificateFormat
public typealias CertificateHolder = NaruGenerated.CertificateHolder
public typealias CertificateValidity = NaruGenerated.CertificateValidity
public typealias KeyCheck = NaruGenerated.KeyCheck
public typealias ChainCheck = NaruGenerated.ChainCheck
public typealias FileProblem = NaruGenerated.FileProblem
