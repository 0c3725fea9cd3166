import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Security;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.SEEDEngine;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.paddings.PaddedBufferedBlockCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.InputDecryptorProvider;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.operator.SecretKeySizeProvider;
import org.bouncycastle.operator.bc.BcDefaultDigestProvider;
import org.bouncycastle.pkcs.PKCS12PfxPdu;
import org.bouncycastle.pkcs.PKCS12PfxPduBuilder;
import org.bouncycastle.pkcs.PKCS12SafeBag;
import org.bouncycastle.pkcs.PKCS12SafeBagBuilder;
import org.bouncycastle.pkcs.PKCS12SafeBagFactory;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.bc.BcPKCS12MacCalculatorBuilder;
import org.bouncycastle.pkcs.bc.BcPKCS12MacCalculatorBuilderProvider;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEInputDecryptorProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEOutputEncryptorBuilder;

/** Opens and writes keys by BouncyCastle: one case a line, its parts separated by tabs. */
public class Interop {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Scanner lines = new Scanner(System.in, "UTF-8");
        while (lines.hasNextLine()) {
            String[] part = lines.nextLine().split("\t");
            switch (part[0]) {
                case "key" -> same(decrypt(read(part[1]), part[2]), read(part[3]), part[1]);
                case "same" -> same(
                    decrypt(read(part[1]), part[2]), decrypt(read(part[3]), part[4]), part[3]);
                case "pfx" -> pfx(part);
                case "write" -> write(part);
                default -> throw new IllegalArgumentException(part[0]);
            }
            System.out.println("ok " + part[0]);
        }
    }

    static byte[] read(String path) throws Exception {
        return Files.readAllBytes(Path.of(path));
    }

    static void same(byte[] got, byte[] wanted, String path) {
        if (!Arrays.equals(got, wanted)) throw new IllegalStateException("another key in " + path);
    }

    static byte[] decrypt(byte[] file, String password) throws Exception {
        EncryptedPrivateKeyInfo info = EncryptedPrivateKeyInfo.getInstance(file);
        AlgorithmIdentifier algorithm = info.getEncryptionAlgorithm();
        if (algorithm.getAlgorithm().getId().startsWith("1.2.410.200004.1.")) {
            return seed(algorithm, info.getEncryptedData(), password);
        }
        InputDecryptorProvider provider =
            new JcePKCSPBEInputDecryptorProviderBuilder().setProvider("BC")
                .setKeySizeProvider(new KeySizes()).build(password.toCharArray());
        return provider.get(algorithm)
            .getInputStream(new ByteArrayInputStream(info.getEncryptedData())).readAllBytes();
    }

    /** The Korean ciphers are unknown to BouncyCastle's own table. */
    static class KeySizes implements SecretKeySizeProvider {
        public int getKeySize(AlgorithmIdentifier algorithm) {
            return getKeySize(algorithm.getAlgorithm());
        }

        public int getKeySize(ASN1ObjectIdentifier algorithm) {
            return switch (algorithm.getId()) {
                case "1.2.410.200004.1.4", "1.2.410.200046.1.1.2", "2.16.840.1.101.3.4.1.2" -> 128;
                case "1.2.410.200046.1.1.7", "2.16.840.1.101.3.4.1.22", "1.2.840.113549.3.7" -> 192;
                case "1.2.410.200046.1.1.12", "2.16.840.1.101.3.4.1.42" -> 256;
                default -> -1;
            };
        }
    }

    /** PBES1 with SEED, which KISA specifies: the key from PBKDF1, the IV from its rest or fixed. */
    static byte[] seed(AlgorithmIdentifier algorithm, byte[] ciphertext, String password) throws Exception {
        ASN1Sequence parameters = ASN1Sequence.getInstance(algorithm.getParameters());
        byte[] salt = ASN1OctetString.getInstance(parameters.getObjectAt(0)).getOctets();
        int rounds = ASN1Integer.getInstance(parameters.getObjectAt(1)).intValueExact();
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update(password.getBytes("UTF-8"));
        byte[] derived = sha1.digest(salt);
        for (int round = 1; round < rounds; round++) derived = sha1.digest(derived);
        byte[] iv = algorithm.getAlgorithm().getId().endsWith(".15")
            ? sha1.digest(Arrays.copyOfRange(derived, 16, 20))
            : "0123456789012345".getBytes("US-ASCII");
        PaddedBufferedBlockCipher cipher =
            new PaddedBufferedBlockCipher(new CBCBlockCipher(new SEEDEngine()));
        cipher.init(false, new ParametersWithIV(
            new KeyParameter(derived, 0, 16), Arrays.copyOf(iv, 16)));
        byte[] plaintext = new byte[cipher.getOutputSize(ciphertext.length)];
        int length = cipher.processBytes(ciphertext, 0, ciphertext.length, plaintext, 0);
        length += cipher.doFinal(plaintext, length);
        return Arrays.copyOf(plaintext, length);
    }

    /** Every key has to be there, in BouncyCastle's eyes and in those of Java's own key store. */
    static void pfx(String[] part) throws Exception {
        char[] password = part[2].toCharArray();
        PKCS12PfxPdu pfx = new PKCS12PfxPdu(read(part[1]));
        if (!pfx.isMacValid(new BcPKCS12MacCalculatorBuilderProvider(BcDefaultDigestProvider.INSTANCE), password)) {
            throw new IllegalStateException("the MAC of " + part[1]);
        }
        List<byte[]> keys = new ArrayList<>();
        for (var content : pfx.getContentInfos()) {
            if (content.getContentType().equals(PKCSObjectIdentifiers.encryptedData)) continue;
            for (PKCS12SafeBag bag : new PKCS12SafeBagFactory(content).getSafeBags()) {
                keys.add(decrypt(((PKCS8EncryptedPrivateKeyInfo) bag.getBagValue()).getEncoded(), part[2]));
            }
        }
        for (int at = 3; at < part.length; at++) {
            byte[] wanted = read(part[at]);
            if (keys.stream().noneMatch(key -> Arrays.equals(key, wanted))) {
                throw new IllegalStateException(part[at] + " is not in " + part[1]);
            }
        }
        KeyStore store = KeyStore.getInstance("PKCS12", "SunJSSE");
        store.load(new ByteArrayInputStream(read(part[1])), password);
        int found = 0;
        for (var aliases = store.aliases(); aliases.hasMoreElements();) {
            if (store.getKey(aliases.nextElement(), password) != null) found++;
        }
        if (found != part.length - 3) throw new IllegalStateException(found + " keys in " + part[1]);
    }

    static void write(String[] part) throws Exception {
        char[] password = part[4].toCharArray();
        boolean old = part[5].equals("old");
        OutputEncryptor encryptor = new JcePKCSPBEOutputEncryptorBuilder(
            old ? PKCSObjectIdentifiers.pbeWithSHAAnd3_KeyTripleDES_CBC : NISTObjectIdentifiers.id_aes256_CBC)
            .setProvider("BC").setIterationCount(2048).build(password);
        DEROctetString id = new DEROctetString(new byte[] {1});
        PKCS12SafeBag certificate = new PKCS12SafeBagBuilder(new X509CertificateHolder(read(part[1])))
            .addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_localKeyId, id).build();
        PKCS12SafeBag key = new PKCS12SafeBagBuilder(PrivateKeyInfo.getInstance(read(part[2])), encryptor)
            .addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_friendlyName, new DERBMPString("홍길동"))
            .addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_localKeyId, id).build();
        PKCS12PfxPduBuilder builder = new PKCS12PfxPduBuilder();
        builder.addEncryptedData(encryptor, certificate);
        builder.addData(key);
        // The JCE's own calculator makes a MAC of SHA-256 that nobody else accepts.
        BcPKCS12MacCalculatorBuilder mac = old
            ? new BcPKCS12MacCalculatorBuilder()
            : new BcPKCS12MacCalculatorBuilder(
                new SHA256Digest(), new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE));
        PKCS12PfxPdu pfx = builder.build(mac.setIterationCount(2048), password);
        Files.write(Path.of(part[3]), pfx.getEncoded(ASN1Encoding.DER));
    }
}
