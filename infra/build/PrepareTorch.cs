using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Fills one folder of the checkout with what TorchSharp loads: links to the libtorch of the NuGet package (490 MB, so never
/// copied into a bin folder) and a copy of libLibTorchSharp.so that also loads where libstdc++ is older than it asks for.
/// </summary>
/// <remarks>
/// libLibTorchSharp.so of 0.107 requires GLIBCXX_3.4.32 for one symbol, _ZSt21ios_base_library_initv, which nothing calls;
/// Debian 12 has 3.4.30. In the copy the symbol's binding is weak and the version need carries VER_FLG_WEAK, so the loader
/// accepts both old and new libraries.
/// </remarks>
public class PrepareTorch : Task
{
    const string Version = "GLIBCXX_3.4.32", Symbol = "_ZSt21ios_base_library_initv";

    [Required] public string LibTorch { get; set; }
    [Required] public string LibTorchSharp { get; set; }
    [Required] public string Destination { get; set; }

    public override bool Execute()
    {
        Directory.CreateDirectory(Destination);
        foreach (string file in Directory.GetFiles(LibTorch, "*.so*"))
        {
            string name = Path.GetFileName(file);
            if (name == "libtorch_python.so") continue;
            string link = Path.Combine(Destination, name);
            File.Delete(link);
            if (symlink(file, link) != 0) { Log.LogError("cannot link " + link + " to " + file); return false; }
        }
        byte[] image = File.ReadAllBytes(LibTorchSharp);
        Weaken(image);
        // Another project of the same build, or a running process, may have the old copy open: replace it in one step.
        string target = Path.Combine(Destination, "libLibTorchSharp.so"), temporary = target + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, image);
        if (File.Exists(target)) File.Delete(target);
        File.Move(temporary, target);
        return true;
    }

    [System.Runtime.InteropServices.DllImport("libc", SetLastError = true)]
    static extern int symlink(string target, string path);

    /// <summary>ELF64, little-endian: marks the symbol and the version need as weak; leaves an image without them alone.</summary>
    static void Weaken(byte[] image)
    {
        long sections = BitConverter.ToInt64(image, 0x28);
        int size = BitConverter.ToUInt16(image, 0x3A), count = BitConverter.ToUInt16(image, 0x3C);
        for (int i = 0; i < count; i++)
        {
            int header = (int)(sections + i * size);
            uint type = BitConverter.ToUInt32(image, header + 4);
            int offset = (int)BitConverter.ToInt64(image, header + 0x18), length = (int)BitConverter.ToInt64(image, header + 0x20);
            int strings = (int)BitConverter.ToInt64(image, (int)(sections + BitConverter.ToUInt32(image, header + 0x28) * size) + 0x18);
            if (type == 11) // SHT_DYNSYM: 24 bytes a symbol, name at 0, info at 4
            {
                for (int s = offset; s < offset + length; s += 24)
                    if (Name(image, strings, BitConverter.ToUInt32(image, s)) == Symbol) image[s + 4] = (byte)(2 << 4 | image[s + 4] & 15);
            }
            else if (type == 0x6ffffffe) // SHT_GNU_verneed: entries of a file, each with a chain of versions
            {
                for (int need = offset; ;)
                {
                    int aux = need + (int)BitConverter.ToUInt32(image, need + 8);
                    for (int a = 0; a < BitConverter.ToUInt16(image, need + 2); a++)
                    {
                        if (Name(image, strings, BitConverter.ToUInt32(image, aux + 8)) == Version) image[aux + 4] |= 2;
                        aux += (int)BitConverter.ToUInt32(image, aux + 12);
                    }
                    uint next = BitConverter.ToUInt32(image, need + 12);
                    if (next == 0) break;
                    need += (int)next;
                }
            }
        }
    }

    static string Name(byte[] image, int strings, uint at)
    {
        int start = strings + (int)at, end = Array.IndexOf(image, (byte)0, start);
        return Encoding.ASCII.GetString(image, start, end - start);
    }
}
